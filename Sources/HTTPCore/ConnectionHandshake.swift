import Logging

// What a connection does before its transport is ready for requests.

extension Connection {
    /// Whether transport and client still agree on how to speak.
    enum Handshake {
        case underWay
        /// With who the client has proven to be to the transport.
        case done(clientSubject: String?)

        var isUnderWay: Bool { if case .underWay = self { true } else { false } }
    }

    /// Who the client has proven to be to the transport.
    package var clientSubject: String? { if case .done(let subject) = handshake { subject } else { nil } }

    /// Reads from a transport that is still agreeing with the client on how to speak, within the loop's time for that.
    func readInHandshake(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        guard !context.handshakes.isSpent else { return .wantsTurn }
        let start = MonotonicInstant.now
        let result = unsafe transport.read(into: space)
        context.handshakes.charge(nanoseconds: MonotonicInstant.now.nanoseconds - start.nanoseconds)
        if !transport.isHandshaking { handshake = .done(clientSubject: transport.clientSubject) }
        return result
    }

    /// The transport has turned the client away: lets it read why in peace.
    func endRefused() {
        context.counters.failedHandshakes.add(1)
        let reason = transport.refusal ?? "unknown"
        context.logger.debug("connection of \(peer) refused: \(reason)", metadata: [".peer": "\(peer)"])
        context.accessLog?.refusedConnection(peer, listener: listener, because: reason, status: .badRequest, began: context.now)
        state = .finishing
    }
}
