import Synchronization

/// One client's connection: reads requests, hands them to the handler one at a time, writes the responses in order.
///
/// A state machine over a transport: readiness, responses and deadlines come in, bytes go out, and time is that of the
/// context, so a test can drive it without a socket or a clock. Everything is confined to the loop's queue, except
/// what is marked "from any thread".
package final class Connection: @unchecked Sendable {
    /// Responses beyond this wait in the output until the client has taken some.
    private static let outputHighWater = 64 * 1024

    let context: ConnectionContext
    let peer: PeerAddress
    let isLocal: Bool
    let isAdministrative: Bool
    /// What the access log calls the listener that it came in by.
    let listener: String?
    let isEncrypted: Bool
    private let sharesReadiness: Bool
    let presence = Atomic(Presence.waiting)

    var state: ConnectionState
    var transport: any Transport
    var handshake: Handshake
    var readiness = StreamReadiness()
    /// The request that is arriving; nil while nothing of it has come.
    var memory: RequestMemory?
    var requestCount = 0
    var output = ByteBuffer()
    /// In which the client has to take some of the output; nil while there is none.
    var writeWindow: ProgressWindow?
    /// Of responses that are sent together the last one's.
    var writeWatch: WriteWatch?
    var turn = TurnBudget()
    private var isDriving = false

    /// The loop's place for this connection.
    private(set) var slot = 0
    private var accessID: UInt64?

    package init(
        _ transport: any Transport, peer: PeerAddress, isLocal: Bool = false, isAdministrative: Bool = false, listener: String? = nil,
        context: ConnectionContext
    ) {
        self.transport = transport
        self.peer = peer
        self.isLocal = isLocal
        self.isAdministrative = isAdministrative
        self.listener = listener
        self.context = context
        handshake = transport.isHandshaking ? .underWay : .done(clientSubject: nil)
        isEncrypted = transport.isEncrypted
        sharesReadiness = transport.sharesReadiness
        state = .idle(until: context.now + (context.isDraining ? context.times.drainGrace : context.times.head))
    }

    /// Whether it waits for a request of which nothing has come.
    package var isIdle: Bool { state.isIdle }
    /// Whether it has sent all that it will, and waits for the client to close.
    package var isLingering: Bool { state.isLingering }
    package var isClosed: Bool { state.isClosed }

    /// When `deadlinePassed` wants to be called at the earliest.
    package var deadline: MonotonicInstant {
        if isClosed { return .never }
        return output.isEmpty ? state.deadline : writeWindow?.deadline ?? .never
    }

    /// Whether this turn's budget is spent with work left; the loop calls `takeTurn` soon.
    package var wantsTurn: Bool { turn.wantsTurn }

    /// The descriptor is ready for something.
    package func ready(_ report: Readiness) {
        assert(context.isCurrent)
        guard !isClosed else { return }
        // Both directions are gone: nobody is left to respond to.
        if report.contains(.hungUp) { return close(reset: false) }
        let endsNow = readiness.note(report, isShared: sharesReadiness)
        if endsNow, state.isHandling { endedWhileHandling() }
        drive()
    }

    /// Goes on where the last turn's budget ended.
    package func takeTurn() {
        assert(context.isCurrent)
        turn.unlist()
        drive()
    }

    /// Ends the connection at once, whatever it is doing.
    package func close(reset: Bool) {
        assert(context.isCurrent)
        guard !isClosed else { return }
        if case .handling(let pending) = state {
            endHandling(pending)
            // A reset is ours: the server stops.
            if !reset { abandon() }
            let status: HTTPStatus = reset ? .serviceUnavailable : .clientClosedRequest
            log(AccessOutcome(status: status, hasClientLeft: !reset), of: pending)
        }
        state = .closed
        presence.store(.closed, ordering: .relaxed)
        transport.close(reset: reset)
        releaseMemory()
        output = ByteBuffer()
    }

    /// Whether the caller runs within the handler's call for this connection's request. From any thread.
    var isInHandlerCall: Bool { context.isCurrent && isDriving }

    /// Brings a response from any thread: at once inside the handler's call, else through the loop's mailbox.
    func deliver(_ response: Response) {
        if isInHandlerCall {
            respond(with: response)
        } else {
            context.mailbox.post(.response(self, response))
        }
    }

    /// Moves everything that can move. Does nothing when called from within, as the outer call goes on anyway.
    func drive() {
        guard !isDriving, !isClosed else { return }
        isDriving = true
        turn.begin()
        var isPausedForOutput: Bool
        repeat {
            isPausedForOutput = takeRequests()
            flush()
        } while isPausedForOutput && state.awaitsRequest && output.count < Self.outputHighWater
        if state.isLingering { discardInput() }
        isDriving = false
    }

    /// Handles requests as long as there are any.
    ///
    /// - Returns: Whether it stopped because too much output waits.
    private func takeRequests() -> Bool {
        while state.awaitsRequest {
            if output.count >= Self.outputHighWater { return true }
            guard turn.allowsMore() else { return false }
            do throws(ProtocolRefusal) {
                if try completeRequest() {
                    turn.noteRequest()
                    handleRequest()
                    continue
                }
            } catch {
                refuse(error)
                return false
            }
            guard receive() else { return false }
        }
        return false
    }
}

// What the loop keeps of a connection.
extension Connection {
    /// The connection has that place of its loop.
    func place(in slot: Int) { self.slot = slot }

    /// - Returns: Whether the loop has to list the connection for a turn, as it has not since the last one.
    func claimTurn() -> Bool { turn.list() }

    /// The access log's number for this connection, which `make` makes when it is first needed.
    func accessID(make: () -> UInt64) -> UInt64 {
        if let accessID { return accessID }
        let made = make()
        accessID = made
        return made
    }
}
