/// Why a request has no result.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The server has refused or failed it: the HTTP status and the server's words.
    case server(status: Int, message: String)
    /// No response came: the connection could not be made, or was lost.
    case unreachable(String)
    /// The response is none of the protocol.
    case malformedResponse(String)
    /// An output is asked for that the response has not.
    case noOutput(name: String, found: [String])
    /// An output is of another datatype.
    case wrongType(expected: Datatype, found: Datatype)
    /// The task that waited was cancelled.
    case cancelled

    /// Whether the same request may succeed later: the model is being loaded, the queue is full, the server restarts.
    public var mayPass: Bool {
        switch self {
        case .server(let status, _): status == 503 || status == 429
        case .unreachable: true
        default: false
        }
    }

    public var description: String {
        switch self {
        case .server(let status, let message): "the server answered \(status): \(message)"
        case .unreachable(let reason): "the server cannot be reached: \(reason)"
        case .malformedResponse(let reason): "the response is malformed: \(reason)"
        case .noOutput(let name, let found): "the response has no output \"\(name)\"; it has \(found.joined(separator: ", "))"
        case .wrongType(let expected, let found): "the tensor is \(found.rawValue), not \(expected.rawValue)"
        case .cancelled: "the request was cancelled"
        }
    }
}
