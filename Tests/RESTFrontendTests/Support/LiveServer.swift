import Foundation
import Glibc
import HTTPCore
import Logging
import ModelServing
import RESTFrontend
import Synchronization

/// The routes behind a real server on a free port of the loopback.
final class LiveServer: Sendable {
    struct Answer {
        let status: Int
        let headers: [String: String]
        let body: Data

        var text: String { String(decoding: body, as: UTF8.self) }
        var json: NSDictionary? {
            get throws { try JSONSerialization.jsonObject(with: body) as? NSDictionary }
        }
        /// The value of `error`.
        var error: String? {
            get throws { try json?["error"] as? String }
        }
    }

    let backend: FakeBackend
    let observer = FakeObserver()
    private let reasons: ReasonBox
    private let server: HTTPServer
    private let port: UInt16

    init(
        _ backend: FakeBackend = FakeBackend(), backend served: (any PredictionBackend)? = nil, configuration: RESTConfiguration = .init(),
        limits: ConnectionLimits = .init(),
        executor: (any RequestExecutor)? = nil
    ) throws {
        self.backend = backend
        let reasons = ReasonBox()
        self.reasons = reasons
        let handler = RESTHandler(
            served ?? backend, registry: FakeRegistry(), configuration: configuration, metrics: { "# TYPE x counter\nx{} 1\n" },
            unreadiness: { reasons.value.withLock { $0 } }, observer: observer, executor: executor)
        let listener = ListenerConfiguration.tcp(host: "127.0.0.1", port: 0)
        server = HTTPServer(
            configuration: HTTPServerConfiguration(listeners: [listener], limits: limits, loopCount: 1), handler: handler,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try server.start()
        port = server.boundAddresses[0].port
    }

    private final class ReasonBox: Sendable {
        let value = Mutex<[String]>([])
    }

    func setUnready(_ texts: [String]) { reasons.value.withLock { $0 = texts } }

    func stop() async { _ = await server.drain(timeout: .milliseconds(50)) }

    /// Sends one request as written and reads the answer to its end.
    func request(
        _ method: String, _ target: String, body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await request(method, target, bytes: body.map { Array($0.utf8) }, headers: headers)
    }

    func request(_ method: String, _ target: String, bytes body: [UInt8]?, headers: [String: String]) async throws -> Answer {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.count)\r\n" }
        let bytes = Array("\(text)\r\n".utf8) + (body ?? []), port = port
        let raw = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try Self.exchange(bytes, port) }) }
        }
        return try Self.parse(raw)
    }

    private struct Failure: Error {
        let what: String
    }

    /// How a client leaves.
    enum Departure: Sendable {
        case close, reset
    }

    /// A client that has sent its request and has not been answered.
    struct PendingClient: Sendable {
        fileprivate let descriptor: Int32

        func leave(_ departure: Departure) {
            if departure == .reset {
                var now = linger(l_onoff: 1, l_linger: 0)
                setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            }
            close(descriptor)
        }
    }

    var statistics: ServerStatistics { server.statistics }

    /// Sends one request and reads nothing.
    func send(_ method: String, _ target: String, body: String) async throws -> PendingClient {
        let text = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        return PendingClient(descriptor: try Self.send(Array(text.utf8), port))
    }

    private static func exchange(_ bytes: [UInt8], _ port: UInt16) throws -> Data {
        let descriptor = try send(bytes, port)
        defer { close(descriptor) }
        var answer = Data()
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count >= 0 else { throw Failure(what: "recv") }
            guard count > 0 else { return answer }
            answer.append(contentsOf: chunk[..<count])
        }
    }

    /// Connects and sends; the descriptor is the caller's.
    private static func send(_ bytes: [UInt8], _ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(what: "socket") }
        do { try send(bytes, descriptor, port) } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func send(_ bytes: [UInt8], _ descriptor: Int32, _ port: UInt16) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(what: "connect") }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(what: "send") }
            sent += count
        }
    }

    private static func parse(_ raw: Data) throws -> Answer {
        guard let end = raw.range(of: Data("\r\n\r\n".utf8)) else { throw Failure(what: "no head in \(raw.count) bytes") }
        let lines = String(decoding: raw[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let headers = lines.dropFirst().reduce(into: [String: String]()) { headers, line in
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
        }
        return Answer(status: status, headers: headers, body: raw[end.upperBound...])
    }
}
