import Glibc
import RESTFrontend

/// One client's connection to a running daemon: sends a request, reads its response, keeps the connection. Blocking, for one thread.
final class ReplayConnection {
    private let address: HTTPAddress
    private var descriptor: Int32
    private var received: [UInt8] = []

    /// A response that is longer, or whose head is, is none of a daemon's.
    private static let maximumHeadByteCount = 64 << 10
    private static let maximumBodyByteCount = 1 << 30

    init(_ address: HTTPAddress) throws(CommandFailure) {
        self.address = address
        descriptor = try address.connect()
    }

    deinit { close(descriptor) }

    /// - Returns: the status of the response.
    func send(_ request: RecordedRequest) throws(CommandFailure) -> Int {
        let head =
            "POST \(request.path) HTTP/1.1\r\nHost: \(address.text)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(request.body.count)\r\n\r\n"
        try write(Array(head.utf8) + request.body)
        let (status, closes) = try receive()
        guard closes else { return status }
        close(descriptor)
        descriptor = try address.connect()
        received = []
        return status
    }

    private func write(_ bytes: [UInt8]) throws(CommandFailure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                throw failure("cannot be written to: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Reads the whole response and forgets it.
    private func receive() throws(CommandFailure) -> (status: Int, closes: Bool) {
        var end: Int?
        while true {
            end = Self.endOfHead(received)
            if end != nil { break }
            guard received.count < Self.maximumHeadByteCount else { throw failure("sends no HTTP response") }
            try readMore()
        }
        let headEnd = end ?? 0
        let lines = String(decoding: received[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        let parts = lines.first?.split(separator: " ") ?? []
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else { throw failure("sends no HTTP response") }
        func field(_ name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix(name + ":") }.map { line in
                String(line.dropFirst(name.count + 1).drop { $0 == " " })
            }
        }
        guard let length = field("content-length").flatMap({ Int($0) }), (0...Self.maximumBodyByteCount).contains(length) else {
            throw failure("sends a response without a length")
        }
        let bodyStart = headEnd + 4
        while received.count < bodyStart + length { try readMore() }
        received.removeFirst(bodyStart + length)
        return (status, field("connection")?.lowercased() == "close")
    }

    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        return (0...bytes.count - 4).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
    }

    private func readMore() throws(CommandFailure) {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 { return received += chunk[..<count] }
            guard count < 0, errno == EINTR else {
                throw failure(count == 0 ? "has closed the connection" : "cannot be read from: \(String(cString: strerror(errno)))")
            }
        }
    }

    private func failure(_ what: String) -> CommandFailure { CommandFailure(.unavailable, "\(address.text) \(what)") }
}
