/// A client on one connection that it keeps; blocking, for one thread.
final class HTTPClient {
    enum Failure: Error, Equatable {
        /// Nobody listens: no connection was made.
        case refused
        case reset
        case timedOut
        /// The server closed the connection; `receivedByteCount` counts what had come of the answer.
        case closed(receivedByteCount: Int)
        /// The bytes are no HTTP/1.1 answer with a length.
        case malformed(String)
        case failed(call: String, errno: Int32)
    }

    private let socket: TCPSocket
    /// Came, and belongs to no answer yet.
    private var received: [UInt8] = []

    init(port: UInt16) throws(Failure) {
        do {
            socket = try TCPSocket(connectingTo: port)
        } catch {
            throw Failure(error)
        }
    }

    func request(
        _ method: String, _ path: String, body: String = "", fields: [(String, String)] = []
    ) throws(Failure) -> HTTPResponse {
        try send(method, path, body: body, fields: fields)
        return try receive()
    }

    /// The same with a body of any bytes.
    func request(
        _ method: String, _ path: String, bytes: [UInt8], fields: [(String, String)] = []
    ) throws(Failure) -> HTTPResponse {
        let all = [("Host", "localhost"), ("Content-Length", String(bytes.count))] + fields
        try send(Array(Self.head(method, path, fields: all).utf8) + bytes)
        return try receive()
    }

    func send(_ method: String, _ path: String, body: String = "", fields: [(String, String)] = []) throws(Failure) {
        let all = [("Host", "localhost"), ("Content-Length", String(body.utf8.count))] + fields
        try send(Self.head(method, path, fields: all) + body)
    }

    func send(_ text: String) throws(Failure) { try send(Array(text.utf8)) }

    private func send(_ bytes: [UInt8]) throws(Failure) {
        do {
            try socket.send(bytes)
        } catch {
            throw Failure(error)
        }
    }

    static func head(_ method: String, _ path: String, fields: [(String, String)]) -> String {
        "\(method) \(path) HTTP/1.1\r\n" + fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
    }

    /// Waits for the whole of the next answer.
    func receive() throws(Failure) -> HTTPResponse {
        while true {
            if let end = endOfHead {
                let head = try HTTPResponseHead(received[..<end])
                let bodyStart = end + Self.emptyLine.count
                while received.count < bodyStart + head.bodyByteCount { try receiveMore() }
                let body = received[bodyStart..<(bodyStart + head.bodyByteCount)]
                let response = HTTPResponse(status: head.status, fields: head.fields, bytes: Array(body))
                received.removeFirst(bodyStart + head.bodyByteCount)
                return response
            }
            try receiveMore()
        }
    }

    private static let emptyLine = Array("\r\n\r\n".utf8)

    private var endOfHead: Int? {
        guard received.count >= Self.emptyLine.count else { return nil }
        return (0...(received.count - Self.emptyLine.count)).first { received[$0...].starts(with: Self.emptyLine) }
    }

    private func receiveMore() throws(Failure) {
        let bytes: [UInt8]
        do {
            bytes = try socket.receive()
        } catch {
            throw Failure(error)
        }
        guard !bytes.isEmpty else { throw .closed(receivedByteCount: received.count) }
        received += bytes
    }
}

extension HTTPClient.Failure {
    init(_ failure: TCPSocket.Failure) {
        self =
            switch failure {
            case .refused: .refused
            case .reset: .reset
            case .timedOut: .timedOut
            case .failed(let call, let errno): .failed(call: call, errno: errno)
            }
    }
}
