import Foundation
import Glibc

/// One answer over a connection of its own, read to its end.
struct HTTPAnswer {
    struct Failure: Error {
        let step: String
        let code: Int32
    }

    let status: Int
    /// Header fields, one a line, in the order in which they came.
    let fields: [String]
    let body: String

    init(port: UInt16, _ method: String, _ path: String, body: String = "") throws {
        try self.init(over: try Self.connect(port), method, path, body)
    }

    /// Over the Unix socket at `socketPath`.
    init(socketPath: String, _ method: String, _ path: String, body: String = "") throws {
        try self.init(over: try Self.connect(socketPath), method, path, body)
    }

    private init(over descriptor: Int32, _ method: String, _ path: String, _ body: String) throws {
        try Self.send(method, path, body, over: descriptor)
        try self.init(finishing: descriptor)
    }

    /// Sends a request and leaves its answer for `init(finishing:)`.
    static func begin(port: UInt16, _ method: String, _ path: String, body: String) throws -> Int32 {
        let descriptor = try connect(port)
        try send(method, path, body, over: descriptor)
        return descriptor
    }

    /// A connection that says nothing; to be closed.
    static func hold(port: UInt16) throws -> Int32 { try connect(port) }

    private static func send(_ method: String, _ path: String, _ body: String, over descriptor: Int32) throws {
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try write(Array(request.utf8), to: descriptor)
    }

    /// The answer to a request that was begun; closes the connection.
    init(finishing descriptor: Int32) throws {
        defer { close(descriptor) }
        let text = String(decoding: try Self.readAll(descriptor), as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let status = Int(text.dropFirst("HTTP/1.1 ".count).prefix(3)) else {
            throw Failure(step: "parse \"\(text)\"", code: 0)
        }
        self.status = status
        fields = Array(parts[0].components(separatedBy: "\r\n").dropFirst())
        self.body = String(parts[1])
    }

    /// Whether nobody listens at the port.
    static func isRefused(port: UInt16) -> Bool {
        do {
            close(try connect(port))
            return false
        } catch let failure as Failure {
            return failure.code == ECONNREFUSED
        } catch {
            return false
        }
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return try connect(AF_INET, &address)
    }

    private static func connect(_ path: String) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure(step: "name the socket \(path)", code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return try connect(AF_UNIX, &address)
    }

    private static func connect<Address>(_ family: Int32, _ address: inout Address) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket", code: errno) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                Glibc.connect(descriptor, target, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(step: "connect", code: code)
        }
        return descriptor
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(step: "send", code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    private static func readAll(_ descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(step: "read", code: errno) }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: chunk.prefix(count))
        }
    }
}
