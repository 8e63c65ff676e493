/// Why the bytes of a connection are not a request that this server takes: the status, and the message for the client.
///
/// The framing can no longer be trusted, so the connection closes after the response (RFC 9112 §9.6).
struct ProtocolRefusal: Error, Sendable, Equatable {
    let status: HTTPStatus
    let message: String

    init(_ status: HTTPStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    static func bad(_ message: String) -> ProtocolRefusal { ProtocolRefusal(.badRequest, message) }
}
