import Foundation
import HTTPCore
import Testing

/// What files make a context, which do not and why, and what a reload changes.
@Suite("TLSContext", .timeLimit(.minutes(1)))
struct TLSContextTests {
    private static func path(_ name: String) -> String { TLSFixture.path(name) }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var configuration: TLSConfiguration
        /// Parts of the message, in order.
        var parts: [String]
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(
            name: "no such certificate",
            configuration: TLSConfiguration(certificateFile: "/nonexistent/a.pem", keyFile: path("server-ec.key")),
            parts: ["cannot read the certificate /nonexistent/a.pem: No such file or directory (errno 2)", "give a PEM file"]),
        Refusal(
            name: "no such key",
            configuration: TLSConfiguration(certificateFile: path("server-ec.pem"), keyFile: "/nonexistent/a.key"),
            parts: ["cannot read the private key /nonexistent/a.key", "No such file"]),
        Refusal(
            name: "a folder",
            configuration: TLSConfiguration(certificateFile: path(""), keyFile: path("server-ec.key")),
            parts: ["cannot read the certificate", "Is a directory"]),
        Refusal(
            name: "an endless file",
            configuration: TLSConfiguration(certificateFile: "/dev/zero", keyFile: path("server-ec.key")),
            parts: ["the certificate /dev/zero has more than 1048576 bytes", "check the path"]),
        Refusal(
            name: "an empty file",
            configuration: TLSConfiguration(certificateFile: "/dev/null", keyFile: path("server-ec.key")),
            parts: ["the certificate /dev/null holds no CERTIFICATE in PEM form", "openssl x509 -in /dev/null"]),
        Refusal(
            name: "a key where the certificate should be",
            configuration: TLSConfiguration(certificateFile: path("server-ec.key"), keyFile: path("server-ec.key")),
            parts: ["the certificate", "holds no CERTIFICATE in PEM form"]),
        Refusal(
            name: "a certificate where the key should be",
            configuration: TLSConfiguration(certificateFile: path("server-ec.pem"), keyFile: path("server-ec.pem")),
            parts: ["the private key", "holds no PRIVATE KEY in PEM form", "openssl pkey -in"]),
        Refusal(
            name: "a damaged certificate",
            configuration: .fixture("damaged", key: "server-ec"),
            parts: ["the certificate", "damaged.pem is damaged: ", "openssl x509 -in"]),
        Refusal(
            name: "an encrypted key",
            configuration: .fixture("server-ec", key: "encrypted"),
            parts: ["encrypted.key is encrypted", "openssl pkey -in"]),
        Refusal(
            name: "the key of another certificate",
            configuration: .fixture("server-ec", key: "client"),
            parts: ["client.key is not that of the first certificate in", "server-ec.pem"]),
        Refusal(
            name: "a key of another kind",
            configuration: .fixture("server-ec", key: "server-rsa"),
            parts: ["server-rsa.key is not that of the first certificate in", "server-ec.pem"]),
        Refusal(
            name: "a short RSA key",
            configuration: .fixture("weak"),
            parts: ["weak.pem is too weak or unusable: ee key too small", "2048 bits"]),
        Refusal(
            name: "verification without authorities",
            configuration: TLSConfiguration(
                certificateFile: path("server-ec.pem"), keyFile: path("server-ec.key"), clientVerification: .required),
            parts: ["client verification is required, but no client CA file is given", "or set client verification to none"]),
        Refusal(
            name: "authorities that cannot be read",
            configuration: TLSConfiguration(
                certificateFile: path("server-ec.pem"), keyFile: path("server-ec.key"), clientCAFile: "/nonexistent/ca.pem",
                clientVerification: .optional),
            parts: ["cannot read the client CA /nonexistent/ca.pem"]),
        Refusal(
            name: "authorities that are damaged",
            configuration: TLSConfiguration(
                certificateFile: path("server-ec.pem"), keyFile: path("server-ec.key"), clientCAFile: path("damaged.pem"),
                clientVerification: .optional),
            parts: ["the client CA", "damaged.pem is damaged"]),
    ]

    @Test("names the file, what is wrong with it and what to do", arguments: refusals)
    func refuses(_ refusal: Refusal) throws {
        let error = #expect(throws: TLSError.self) { try TLSContext(refusal.configuration) }
        var rest = Substring(try #require(error).description)
        for part in refusal.parts {
            let range = rest.range(of: part)
            #expect(range != nil, "\"\(part)\" is missing in: \(rest)")
            if let range { rest = rest[range.upperBound...] }
        }
    }

    @Test("refuses every truncation of a certificate's and a key's file without harm")
    func truncations() throws {
        let folder = try TemporaryFolder()
        let certificate = try Data(contentsOf: URL(filePath: Self.path("server-ec.pem")))
        let key = try Data(contentsOf: URL(filePath: Self.path("server-ec.key")))
        let file = URL(filePath: folder.file("short.pem"))
        // The last line's end may be missing, and of the last line nothing else.
        for count in stride(from: 0, to: certificate.count - 1, by: 7) {
            try certificate.prefix(count).write(to: file)
            #expect(throws: TLSError.self, "\(count) bytes of a certificate") {
                try TLSContext(TLSConfiguration(certificateFile: file.path(), keyFile: Self.path("server-ec.key")))
            }
        }
        for count in stride(from: 0, to: key.count - 1, by: 7) {
            try key.prefix(count).write(to: file)
            #expect(throws: TLSError.self, "\(count) bytes of a key") {
                try TLSContext(TLSConfiguration(certificateFile: Self.path("server-ec.pem"), keyFile: file.path()))
            }
        }
    }

    @Test("warns of dates, of a key that others can read, and of authorities without effect")
    func warnings() throws {
        let folder = try TemporaryFolder()
        func warnings(_ name: String, mode: Int = 0o600, clientCA: String? = nil) throws -> [String] {
            let key = URL(filePath: folder.file("\(name)-\(mode).key"))
            try FileManager.default.copyItem(at: URL(filePath: Self.path("\(name).key")), to: key)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key.path())
            return try TLSContext(
                TLSConfiguration(certificateFile: Self.path("\(name).pem"), keyFile: key.path(), clientCAFile: clientCA)
            ).warnings
        }
        #expect(try warnings("server-ec").isEmpty)
        #expect(try warnings("server-ec", mode: 0o640).isEmpty)
        let lax = try warnings("server-ec", mode: 0o644)
        #expect(lax.count == 1 && lax[0].contains("every user of this machine can read") && lax[0].contains("mode 644"))
        let expired = try warnings("expired")
        #expect(expired.count == 1 && expired[0].contains("\"CN=expired\""))
        #expect(expired.first?.contains("expired on Jan  1 00:00:00 2001 GMT") == true)
        let future = try warnings("future")
        #expect(future.count == 1 && future[0].contains("is not valid before Jan  1 00:00:00 2100 GMT"))
        let unused = try warnings("server-rsa", clientCA: Self.path("ca.pem"))
        #expect(unused.count == 1 && unused[0].contains("ca.pem is without effect: client verification is none"))
    }

    @Test("a reload is for new connections; those under way go on with what they have")
    func reload() throws {
        let tls = try TLSContext.fixture("server-ec")
        let old = try TLSLink(tls)
        let halfway = try TLSLink(tls)
        #expect(old.shakeHands() == .done)
        #expect(halfway.client.shakeHands() == .waits)
        try tls.commit(TLSContext.prepare(.fixture("server-rsa")))
        let new = try TLSLink(tls)
        #expect(new.shakeHands() == .done && new.client.serverName == "server-rsa")
        #expect(halfway.shakeHands() == .done && halfway.client.serverName == "server-ec")
        for link in [old, halfway, new] {
            link.send("GET /get HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(link.responses(1).map(\.text) == ["hello\n"])
        }
    }

    @Test("a reload that fails changes nothing", arguments: ["damaged", "weak"])
    func failedReload(_ name: String) throws {
        let tls = try TLSContext.fixture("server-ec", clients: .required)
        #expect(throws: TLSError.self) { try tls.commit(TLSContext.prepare(.fixture(name, key: name == "weak" ? "weak" : "server-ec"))) }
        let link = try TLSLink(tls, TLSClient.Options(certificate: "client"))
        #expect(link.shakeHands() == .done && link.client.serverName == "server-ec")
        link.send("GET /get HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(link.responses(1).map(\.status) == [200])
        #expect(link.connection.clientSubject != nil, "clients are still verified")
    }

    @Test("a reload changes what is asked of clients")
    func reloadVerification() throws {
        let tls = try TLSContext.fixture("server-ec", clients: .required)
        try tls.commit(TLSContext.prepare(.fixture("server-ec")))
        let link = try TLSLink(tls)
        #expect(link.shakeHands() == .done)
        link.send("GET /get HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(link.responses(1).map(\.status) == [200])
    }
}
