import Glibc

/// One client's connection to a running daemon: sends a request, reads its response, keeps the connection. Blocking, for one thread.
final class ClientConnection {
    struct Response {
        let status: Int
        /// Empty where nobody asked for it.
        let body: [UInt8]
    }

    let address: DaemonAddress
    private var descriptor: Int32
    private var received: [UInt8] = []
    private var chunk = [UInt8](repeating: 0, count: 64 << 10)

    /// A response that is longer, or whose head is, is none of a daemon's.
    private static let maximumHeadByteCount = 64 << 10
    private static let maximumBodyByteCount = 1 << 30
    /// A daemon answers within `server.request_timeout`, of which nobody has more than this.
    private static let timeoutSeconds = 600

    init(_ address: DaemonAddress) throws(CommandFailure) {
        self.address = address
        descriptor = try Self.open(address)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The bytes of a request.
    static func bytes(
        _ method: String, _ path: String, to address: DaemonAddress, contentType: String? = nil, body: [UInt8] = []
    ) -> [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(address.host)\r\n"
        if let contentType { head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    func get(_ path: String) throws(CommandFailure) -> Response {
        try send(Self.bytes("GET", path, to: address), keepsBody: true)
    }

    /// Sends a whole request and waits for its response. After a failure the next call connects again.
    func send(_ request: [UInt8], keepsBody: Bool = false) throws(CommandFailure) -> Response {
        if descriptor < 0 { descriptor = try Self.open(address) }
        do throws(CommandFailure) {
            try write(request)
            let (response, closes) = try receive(keepsBody)
            if closes { disconnect() }
            return response
        } catch {
            disconnect()
            throw error
        }
    }

    private func disconnect() {
        close(descriptor)
        descriptor = -1
        received.removeAll()
    }

    private static func open(_ address: DaemonAddress) throws(CommandFailure) -> Int32 {
        let descriptor = try address.connect()
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        return descriptor
    }

    private func write(_ bytes: [UInt8]) throws(CommandFailure) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                throw failure("cannot be written to: \(reason(errno))")
            }
        }
    }

    private func receive(_ keepsBody: Bool) throws(CommandFailure) -> (Response, closes: Bool) {
        var searched = 0
        var end: Int?
        while true {
            end = ResponseHead.end(in: received, from: max(0, searched - 3))
            if end != nil { break }
            searched = received.count
            guard received.count < Self.maximumHeadByteCount else { throw failure("sends no HTTP response") }
            try readMore()
        }
        let bodyStart = (end ?? 0) + 4
        guard let head = ResponseHead(received[..<bodyStart]) else { throw failure("sends no HTTP response") }
        guard let length = head.contentLength, length <= Self.maximumBodyByteCount else {
            throw failure("sends a response without a length, or of more than \(HumanText.bytes(Self.maximumBodyByteCount))")
        }
        while received.count < bodyStart + length { try readMore() }
        let body = keepsBody ? Array(received[bodyStart..<bodyStart + length]) : []
        received.removeFirst(bodyStart + length)
        return (Response(status: head.status, body: body), head.closes)
    }

    private func readMore() throws(CommandFailure) {
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 { return received += chunk[..<count] }
            guard count < 0, errno == EINTR else {
                throw failure(count == 0 ? "has closed the connection" : "cannot be read from: \(reason(errno))")
            }
        }
    }

    private func reason(_ code: Int32) -> String {
        code == EAGAIN ? "no response within \(Self.timeoutSeconds) s" : String(cString: strerror(code))
    }

    private func failure(_ what: String) -> CommandFailure { CommandFailure(.unavailable, "\(address.text) \(what)") }
}

/// What a client needs of a response's head.
struct ResponseHead {
    let status: Int
    /// Nil without a length, and for one that is none.
    private(set) var contentLength: Int?
    private(set) var closes = false

    /// - Parameter bytes: up to and with the empty line.
    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        guard let first = Self.takeLine(&rest), first.starts(with: "HTTP/1.".utf8) else { return nil }
        let code = first.drop { $0 != UInt8(ascii: " ") }.dropFirst().prefix(3)
        guard code.count == 3, let status = Self.number(code) else { return nil }
        self.status = status
        while let line = Self.takeLine(&rest), !line.isEmpty {
            if let value = Self.value(of: "content-length", in: line) { contentLength = Self.number(value) }
            if let value = Self.value(of: "connection", in: line) { closes = Self.equals(value, "close") }
        }
    }

    /// Where the empty line after the head begins.
    static func end(in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= 4, start <= bytes.count - 4 else { return nil }
        return (start...bytes.count - 4).first { bytes[$0] == 13 && bytes[$0 + 1] == 10 && bytes[$0 + 2] == 13 && bytes[$0 + 3] == 10 }
    }

    private static func takeLine(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: 13) else { return nil }
        defer { rest = rest[end...].dropFirst(2) }
        return rest[..<end]
    }

    private static func value(of name: StaticString, in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let count = name.utf8CodeUnitCount
        guard line.count > count, line[line.startIndex + count] == UInt8(ascii: ":"), equals(line.prefix(count), name) else { return nil }
        return line.dropFirst(count + 1).drop { $0 == UInt8(ascii: " ") }
    }

    private static func equals(_ bytes: ArraySlice<UInt8>, _ name: StaticString) -> Bool {
        let letters = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return bytes.count == letters.count && zip(bytes, letters).allSatisfy { ($0 | 0x20) == ($1 | 0x20) }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }
}
