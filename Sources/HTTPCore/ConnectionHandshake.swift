import Logging

// What a connection does before its transport is ready for requests.

extension Connection {
    /// Reads from a transport that is still agreeing with the client on how to speak, within the loop's time for that.
    func readInHandshake(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        guard !context.handshakes.isSpent else { return .wantsTurn }
        let start = MonotonicInstant.now
        let result = unsafe transport.read(into: space)
        context.handshakes.charge(nanoseconds: MonotonicInstant.now.nanoseconds - start.nanoseconds)
        isHandshaking = transport.isHandshaking
        if !isHandshaking { clientSubject = transport.clientSubject }
        return result
    }

    /// The transport has turned the client away: lets it read why in peace.
    func endRefused() {
        context.counters.failedHandshakes.add(1)
        context.logger.debug(
            "refused a connection", metadata: ["peer": "\(peer)", "reason": "\(transport.refusal ?? "unknown")"])
        phase = .finishing
    }
}
