import CPlatform

/// What a client hears that a limit turns away.
enum Overload {
    private static let response: StaticString = """
        HTTP/1.1 503 Service Unavailable\r
        Content-Type: application/json\r
        Content-Length: 70\r
        Retry-After: 1\r
        Connection: close\r
        \r
        {"error": "the server has as many connections as it may; try later."}

        """

    /// Answers 503 as far as the socket takes it at once, and closes: an overloaded server does not wait.
    ///
    /// A client that expects an encrypted answer gets none: a handshake is what overload cannot afford.
    static func refuse(_ accepted: AcceptedSocket) {
        if accepted.transport.acceptsClearText {
            _ = unsafe apus_send(accepted.descriptor, response.utf8Start, response.utf8CodeUnitCount)
            _ = apus_shutdown_write(accepted.descriptor)
        }
        _ = apus_close(accepted.descriptor)
    }
}
