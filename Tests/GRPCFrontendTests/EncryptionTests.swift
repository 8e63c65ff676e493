import GRPCCore
import GRPCFrontend
import GRPCNIOTransportHTTP2Posix
import HTTPCore
import Logging
import Testing

@Suite("TLS over gRPC")
struct EncryptionTests {
    private static func file(_ name: String) -> String {
        String(#filePath.dropLast("GRPCFrontendTests/EncryptionTests.swift".utf8.count)) + "Fixtures/TLS/\(name)"
    }

    private static func source(_ name: String, _ verification: HTTPCore.TLSConfiguration.ClientVerification) -> GRPCCredentials.Source {
        .files(
            HTTPCore.TLSConfiguration(
                certificateFile: file("\(name).pem"), keyFile: file("\(name).key"), clientCAFile: file("ca.pem"),
                clientVerification: verification))
    }

    private static func client(of live: LiveServer, certificate: String?) throws -> LiveServer.Client {
        let security: HTTP2ClientTransport.Posix.TransportSecurity =
            if let certificate {
                .mTLS(
                    certificateChain: [.file(path: file("\(certificate).pem"), format: .pem)],
                    privateKey: .file(path: file("\(certificate).key"), format: .pem)
                ) { $0.trustRoots = .certificates([.file(path: file("ca.pem"), format: .pem)]) }
            } else {
                .tls { $0.trustRoots = .certificates([.file(path: file("ca.pem"), format: .pem)]) }
            }
        let transport = try HTTP2ClientTransport.Posix(
            target: .dns(host: "localhost", port: Int(live.server.addresses[0].port)), transportSecurity: security)
        return GRPCClient(transport: transport)
    }

    /// Whether one prediction succeeds.
    private static func succeeds(_ live: LiveServer, certificate: String?) async throws -> Bool {
        let client = try client(of: live, certificate: certificate)
        return await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.runConnections() }
            defer { client.beginGracefulShutdown() }
            var options = CallOptions.defaults
            options.timeout = .seconds(120)
            return await client.failure(PredictTests.service, "Predict", PredictTests.request(), options: options) == nil
        }
    }

    static let cases: [(verification: HTTPCore.TLSConfiguration.ClientVerification, certificate: String?, succeeds: Bool)] = [
        (.none, nil, true), (.optional, nil, true), (.optional, "client", true), (.optional, "foreign-client", false),
        (.required, "client", true), (.required, nil, false), (.required, "foreign-client", false),
    ]

    @Test("clients are asked for certificates as configured", arguments: cases)
    func verification(
        verification: HTTPCore.TLSConfiguration.ClientVerification, certificate: String?, succeeds: Bool
    ) async throws {
        let credentials = try GRPCCredentials(Self.source("server-ec", verification))
        let live = try LiveServer(credentials: credentials)
        try await live.serve {
            let hasSucceeded = try await Self.succeeds(live, certificate: certificate)
            #expect(hasSucceeded == succeeds)
        }
    }

    @Test("new connections see the certificate that was put in force")
    func reload() async throws {
        let credentials = try GRPCCredentials(Self.source("expired", .none))
        let live = try LiveServer(credentials: credentials)
        try await live.serve {
            #expect(try await !Self.succeeds(live, certificate: nil))
            credentials.commit(try GRPCCredentials.prepare(Self.source("server-rsa", .none)))
            #expect(try await Self.succeeds(live, certificate: nil))
        }
    }

    @Test("files that are no certificates are refused", arguments: ["damaged", "absent"])
    func refused(name: String) {
        #expect(throws: GRPCCredentialsError.self) { try GRPCCredentials(Self.source(name, .none)) }
    }
}
