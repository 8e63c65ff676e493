import CPlatform

/// The responses to clients that a limit turns away.
enum Overload {
    /// For one request more than may be under way; the connection stays.
    static let tooManyInFlight = Response.error(
        .serviceUnavailable, "the server has as many requests under way as it may; try later",
        headers: [HTTPHeader("Retry-After", "1")])

    /// Why a connection is turned away.
    static let reason = "the server has as many connections as it may; try later"

    /// For one connection more than may be open.
    private static let tooManyConnections: [UInt8] = {
        let body = "{\"error\": \"\(reason)\"}\n"
        let fields = [
            "HTTP/1.1 503 Service Unavailable", "Content-Type: application/json", "Content-Length: \(body.utf8.count)",
            "Retry-After: 1", "Connection: close", "", body,
        ]
        return Array(fields.joined(separator: "\r\n").utf8)
    }()

    /// What a client may have sent already, bytes; unread they would make the kernel send a reset after the response.
    private static let discardedByteCount = 64 * 1024

    /// Sends 503 as far as the socket takes it at once, and closes: an overloaded server does not wait.
    ///
    /// A client that expects an encrypted response gets none: a handshake is what overload cannot afford.
    static func refuse(_ accepted: AcceptedSocket) {
        guard let descriptor = accepted.takeDescriptor() else { return }
        if accepted.transport.acceptsClearText {
            _ = unsafe tooManyConnections.withUnsafeBytes { unsafe apus_send(descriptor, $0.baseAddress, $0.count) }
            _ = apus_shutdown_write(descriptor)
            apus_discard_input(descriptor, discardedByteCount)
        }
        _ = apus_close(descriptor)
    }
}
