import Synchronization

/// One client's connection: reads requests, hands them to the handler one at a time, writes the answers in order.
///
/// A state machine over a transport: readiness, answers and deadlines come in, bytes go out, and time is that of the
/// context, so a test can drive it without a socket or a clock. Everything is confined to the loop's queue, except
/// what is marked "from any thread".
package final class Connection: @unchecked Sendable {
    package enum Phase: Equatable {
        /// Between requests; at most empty lines have come.
        case idle
        /// Part of a head has come.
        case head
        /// The head is complete, the body is not.
        case body
        /// The request is with the handler. Nothing is read meanwhile, so what a client sends ahead stays in the kernel.
        case handling
        /// The last answer is in the output; when it is sent, the write side closes.
        case finishing
        /// The write side is closed; input is discarded until the client closes, lest a reset destroy the last answer.
        case lingering
        case closed
    }

    /// Answers beyond this wait in the output until the client has taken some.
    static let outputHighWater = 64 * 1024
    /// What one connection may read, and how many requests it may bring, before the others have their turn.
    static let maxBytesPerTurn = 1024 * 1024
    static let maxRequestsPerTurn = 64
    /// Memory that a body's announced length alone may claim.
    private static let firstBodyStep = 256 * 1024

    let context: ConnectionContext
    let peer: PeerAddress
    let isLocal: Bool
    /// What the access log calls the listener that it came in by.
    let listener: String?
    /// The loop's place for this connection.
    var slot = 0

    package internal(set) var phase = Phase.idle
    var transport: any Transport
    /// The request that is arriving; nil while nothing of it has come.
    var memory: RequestMemory?
    var output = ByteBuffer()
    var requestCount = 0
    /// Whether the request with the handler has one of the places that all loops share.
    var holdsPlace = false

    // What readiness has told and reading or writing has not yet contradicted.
    var isReadable = false
    var isWritable = true
    /// The client has closed its side; what it sent before may still be unread.
    var inputEnds = false
    /// The end of the input has been read.
    var hasInputEnded = false

    /// Set when this turn's budget is spent with work left; the loop calls `takeTurn` soon.
    package private(set) var wantsTurn = false
    /// The loop's note that it has listed the connection for its next turn.
    var hasTurnComing = false
    private var bytesThisTurn = 0
    private var requestsThisTurn = 0
    private(set) var isDriving = false

    var phaseDeadline: MonotonicInstant
    var writeDeadline = MonotonicInstant.never
    var bytesInBodyWindow = 0
    var bytesInWriteWindow = 0

    // What the answer has to know of the request.
    var answersHead = false
    var keepsAlive = true
    var confirmsKeepAlive = false
    var prefersGzip = false

    /// The access log's notes on the request that is being handled or refused.
    var accessRecord: AccessRecord?
    /// The access log's number for this connection; 0 until it has given one.
    var accessID: UInt64 = 0

    /// Until the transport is ready for requests.
    var isHandshaking: Bool
    /// Who the client has proven to be to the transport.
    package internal(set) var clientSubject: String?

    let presence = Atomic(Presence.waiting)
    let isEncrypted: Bool
    private let sharesReadiness: Bool

    package init(
        _ transport: any Transport, peer: PeerAddress, isLocal: Bool = false, listener: String? = nil, context: ConnectionContext
    ) {
        self.transport = transport
        self.peer = peer
        self.isLocal = isLocal
        self.listener = listener
        self.context = context
        isHandshaking = transport.isHandshaking
        isEncrypted = transport.isEncrypted
        sharesReadiness = transport.sharesReadiness
        phaseDeadline = context.now + (context.isDraining ? context.times.drainGrace : context.times.head)
    }

    package var isClosed: Bool { phase == .closed }

    /// When `deadlinePassed` wants to be called at the earliest.
    package var deadline: MonotonicInstant {
        if phase == .closed { return .never }
        return output.isEmpty ? phaseDeadline : writeDeadline
    }

    /// The descriptor is ready for something.
    package func ready(_ readiness: Readiness) {
        guard phase != .closed else { return }
        // Both directions are gone: nobody is left to answer.
        if readiness.contains(.hungUp) { return close(reset: false) }
        let endsNow = readiness.contains(.readEnded) && !inputEnds
        if endsNow { inputEnds = true }
        if !readiness.isDisjoint(with: [.readable, .readEnded]) { isReadable = true }
        if readiness.contains(.writable) { isWritable = true }
        if sharesReadiness {
            isReadable = true
            isWritable = true
        }
        if endsNow, phase == .handling { endedWhileHandling() }
        drive()
    }

    /// Goes on where the last turn's budget ended.
    package func takeTurn() { drive() }

    /// Whether the caller runs within the handler's call for this connection's request. From any thread.
    var isInHandlerCall: Bool { context.isCurrent && isDriving }

    /// Brings an answer from any thread: at once inside the handler's call, else through the loop's mailbox.
    func deliver(_ response: Response) {
        if isInHandlerCall {
            respond(with: response)
        } else {
            context.mailbox.post(.response(self, response))
        }
    }

    /// Takes the answer to the request that is being handled.
    func respond(with response: Response) {
        guard phase == .handling else { return }
        endHandling()
        let closes = !keepsAlive || context.isDraining
        append(response, closes: closes)
        if closes { phase = .finishing } else { rest() }
        drive()
    }

    /// Ends the connection at once, whatever it is doing.
    package func close(reset: Bool) {
        guard phase != .closed else { return }
        if phase == .handling {
            endHandling()
            // A reset is ours: the server stops.
            if !reset { abandon() }
            context.accessLog?.ended(
                AccessOutcome(status: reset ? .serviceUnavailable : .clientClosedRequest, hasClientLeft: !reset), on: self)
        }
        phase = .closed
        presence.store(.closed, ordering: .relaxed)
        transport.close(reset: reset)
        releaseMemory()
        output = ByteBuffer()
    }

    /// Moves everything that can move. Does nothing when called from within, as the outer call goes on anyway.
    func drive() {
        guard !isDriving, phase != .closed else { return }
        isDriving = true
        wantsTurn = false
        bytesThisTurn = 0
        requestsThisTurn = 0
        var isPausedForOutput: Bool
        repeat {
            isPausedForOutput = takeRequests()
            flush()
        } while isPausedForOutput && phase.awaitsRequest && output.count < Self.outputHighWater
        if phase == .lingering { discardInput() }
        isDriving = false
    }

    /// Handles requests as long as there are any; answers whether it stopped because too much output waits.
    private func takeRequests() -> Bool {
        while phase.awaitsRequest {
            if output.count >= Self.outputHighWater { return true }
            if hasSpentTurn { return false }
            do throws(ProtocolRefusal) {
                if try completeRequest() {
                    requestsThisTurn += 1
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

    private var hasSpentTurn: Bool {
        guard bytesThisTurn >= Self.maxBytesPerTurn || requestsThisTurn >= Self.maxRequestsPerTurn else { return false }
        wantsTurn = true
        return true
    }

    /// Reads once; answers whether bytes came.
    private func receive() -> Bool {
        if hasInputEnded {
            endOfInput()
            return false
        }
        guard isReadable else { return false }
        let memory = self.memory ?? context.pool.takeRequestMemory()
        self.memory = memory
        _ = unsafe memory.buffer.reserve(wantedByteCount(memory))
        let offered = memory.buffer.freeCount
        switch unsafe read(into: memory.buffer.reserve(1), offered) {
        case .bytes(let count):
            memory.buffer.commit(count)
            bytesInBodyWindow += count
            return true
        case .ended: endOfInput()
        case .refused: endRefused()
        case .failed: close(reset: false)
        case .wouldBlock, .wantsTurn: break
        }
        if memory.buffer.isEmpty { releaseMemory() }
        return false
    }

    /// Room to read into: a body whose length is known gets it in few steps, but not before bytes back the claim.
    private func wantedByteCount(_ memory: RequestMemory) -> Int {
        if phase == .body, case .length(let length) = memory.head.framing {
            let remaining = memory.head.byteCount + length - memory.buffer.count
            return max(1, min(remaining, max(Self.firstBodyStep, memory.buffer.count)))
        }
        return memory.buffer.isEmpty ? MemoryPool.bufferByteCount : MemoryPool.bufferByteCount / 4
    }

    func read(into space: UnsafeMutableRawPointer, _ capacity: Int) -> TransportResult {
        let space = unsafe UnsafeMutableRawBufferPointer(start: space, count: capacity)
        let result = unsafe isHandshaking ? readInHandshake(into: space) : transport.read(into: space)
        switch result {
        case .bytes(let count):
            context.counters.bytesReceived.add(count)
            bytesThisTurn += count
            // A short read has emptied the socket, unless its end waits behind the bytes.
            if count < capacity, !inputEnds, transport.shortReadMeansEmpty { isReadable = false }
        case .wouldBlock: isReadable = false
        case .wantsTurn: wantsTurn = true
        case .ended: hasInputEnded = true
        case .refused, .failed: break
        }
        return result
    }

    private func discardInput() {
        let scratch = context.pool.takeRequestMemory()
        while isReadable, phase == .lingering, !wantsTurn, !hasSpentTurn {
            _ = unsafe scratch.buffer.reserve(MemoryPool.bufferByteCount)
            switch unsafe read(into: scratch.buffer.reserve(1), scratch.buffer.freeCount) {
            case .bytes, .wouldBlock, .wantsTurn: break
            case .ended, .refused, .failed: close(reset: false)
            }
        }
        context.pool.give(scratch)
    }
}

extension Connection.Phase {
    /// Whether bytes of a request are wanted.
    var awaitsRequest: Bool { self == .idle || self == .head || self == .body }
}
