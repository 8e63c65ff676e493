import GRPCCore
import GRPCFrontend
import GRPCNIOTransportHTTP2Posix
import HTTPCore
import Logging
import ModelServing
import OpenInference
import ServableCore
import Synchronization

/// Bytes as they travel.
struct BytesCoder: MessageSerializer, MessageDeserializer {
    func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) -> Bytes { Bytes(message) }
    func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}

/// A server on a port of its own, and a client of it.
struct LiveServer: Sendable {
    typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    static let maxConnections = 16

    let backend = HalvingBackend()
    let calls = CallList()
    let meters = MeterList()
    let repository = FakeRepository()
    /// Why the daemon is not ready.
    let unreadiness = Reasons()
    let server: GRPCFrontendServer

    init(_ configuration: GRPCConfiguration = .init(), credentials: GRPCCredentials? = nil) throws {
        let openInference = OpenInferenceService(
            backend, repository: repository, counted: NoStatistics(), serverVersion: "1", unreadiness: { [] })
        server = GRPCFrontendServer(
            GRPCServices(
                backend: backend, held: HeldRequests(backend, executor: nil), openInference: openInference, configurator: repository,
                unreadiness: { [unreadiness] in unreadiness.all }, observer: calls, meters: meters),
            configuration, listeners: [GRPCListener(.tcp(host: "127.0.0.1", port: 0), isEncrypted: credentials != nil)],
            credentials: credentials,
            maxConnections: Self.maxConnections, logger: Logger(label: "test"))
        try server.open()
    }

    /// Serves while `body` runs.
    func serve(_ body: @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            try await body()
            server.beginDrain()
            try await group.waitForAll()
        }
    }

    /// The same with a client.
    func run(_ body: @Sendable @escaping (Client) async throws -> Void) async throws {
        try await serve {
            let transport = try HTTP2ClientTransport.Posix(
                target: .ipv4(address: "127.0.0.1", port: Int(server.addresses[0].port)), transportSecurity: .plaintext)
            try await withGRPCClient(transport: transport) { client in try await body(client) }
        }
    }
}

extension LiveServer.Client {
    /// Calls a method of one message each way.
    func call(
        _ service: String, _ method: String, _ message: [UInt8], metadata: Metadata = [:], options: CallOptions = .defaults
    ) async throws -> [UInt8] {
        try await unary(
            request: ClientRequest(message: message, metadata: metadata),
            descriptor: MethodDescriptor(fullyQualifiedService: service, method: method), serializer: BytesCoder(),
            deserializer: BytesCoder(), options: options
        ) { try $0.message }
    }

    /// The error of a call that must fail.
    func failure(
        _ service: String, _ method: String, _ message: [UInt8], metadata: Metadata = [:], options: CallOptions = .defaults
    ) async -> RPCError? {
        do {
            _ = try await call(service, method, message, metadata: metadata, options: options)
            return nil
        } catch {
            return error as? RPCError
        }
    }
}

final class Reasons: Sendable {
    private let reasons = Mutex<[String]>([])
    var all: [String] { reasons.withLock { $0 } }
    func set(_ new: [String]) { reasons.withLock { $0 = new } }
}

final class MeterList: CallMeters {
    let calls = Mutex<[String: [StatusCode]]>([:])

    func meter(of method: String) -> any CallMeter { Meter(method: method, list: self) }

    private struct Meter: CallMeter {
        let method: String
        let list: MeterList

        func finished(_ code: StatusCode, nanoseconds: Int64) { list.calls.withLock { $0[method, default: []].append(code) } }
    }
}

struct NoStatistics: InferenceStatisticsSource {
    func statistics(of id: ServableID) -> InferenceStatistics { InferenceStatistics() }
}

/// Takes the token "secret", and remembers what it was asked to change.
final class FakeRepository: ModelRepository, ModelConfigurator {
    let changes = Mutex<[String]>([])

    func administrator(bearer: String?, isLocal: Bool) async throws(ServableError) -> String {
        guard let bearer else { throw ServableError(.unauthenticated, "the request has no token") }
        guard bearer == "secret" else { throw ServableError(.permissionDenied, "not an admin's token") }
        return "admin"
    }

    func load(_ model: String, by administrator: String) async throws(ServableError) { note("load \(model)") }
    func unload(_ model: String, by administrator: String) async throws(ServableError) { note("unload \(model)") }

    func replaceModels(with text: String, timeout: Duration?) async throws(ServableError) { note(text) }

    private func note(_ change: String) { changes.withLock { $0.append(change) } }
}
