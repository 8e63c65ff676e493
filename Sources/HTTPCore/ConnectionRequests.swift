import Logging

// How a connection turns buffered bytes into requests for the handler.

extension Connection {
    /// Reads on in the buffered bytes; answers whether a whole request lies at their start.
    func completeRequest() throws(ProtocolRefusal) -> Bool {
        guard let memory, !memory.buffer.isEmpty else { return false }
        if phase != .body {
            guard try completeHead(memory) else { return false }
            phase = .body
            try prepareBody(memory)
        }
        return try completeBody(memory)
    }

    private func completeHead(_ memory: RequestMemory) throws(ProtocolRefusal) -> Bool {
        let bytes = unsafe memory.buffer.bytes.assumingMemoryBound(to: UInt8.self)
        if try unsafe memory.parser.advance(over: bytes.span, into: &memory.head, limits: context.limits) { return true }
        if phase == .idle, memory.parser.hasBegun {
            phase = .head
            // A new connection's head is due from the accept on, which its first deadline says already.
            if requestCount > 0 { phaseDeadline = context.now + context.times.head }
        }
        return false
    }

    private func prepareBody(_ memory: RequestMemory) throws(ProtocolRefusal) {
        if memory.head.framing == .chunked { memory.chunks = ChunkedDecoder(bodyStart: memory.head.byteCount) }
        phaseDeadline = context.now + context.times.body
        bytesInBodyWindow = 0
        // RFC 9110 §10.1.1: the client waits for a go-ahead, unless it has sent part of the body without.
        if memory.head.expectsContinue, memory.buffer.count == memory.head.byteCount {
            takeOutput()
            output.append("HTTP/1.1 100 Continue\r\n\r\n")
        }
    }

    private func completeBody(_ memory: RequestMemory) throws(ProtocolRefusal) -> Bool {
        switch memory.head.framing {
        case .none: return true
        case .length(let length): return memory.buffer.count - memory.head.byteCount >= length
        case .chunked:
            var end = memory.buffer.count
            let isComplete = try unsafe memory.chunks?.advance(
                memory.buffer.mutableBytes, limits: context.limits, rawEnd: &end)
            memory.buffer.truncate(to: end)
            return isComplete ?? true
        }
    }

    /// Gives the whole request at the start of the buffer to the handler.
    func handleRequest() {
        guard let memory else { return }
        let (body, end) = bodyRange(memory)
        requestCount += 1
        answersHead = memory.head.method == .head
        let limit = context.limits.maxRequestsPerConnection
        keepsAlive = memory.head.isPersistent && (limit == 0 || requestCount < limit)
        confirmsKeepAlive = memory.head.version == .http10
        prefersGzip = memory.head.prefersGzip
        phase = .handling
        phaseDeadline = .never
        context.counters.requestsInFlight.add(1)
        let request = Request(memory, bodyRange: body, peer: peer, isLocal: isLocal, clientSubject: clientSubject)
        if !admit(request) {
            respond(with: Overload.tooManyInFlight)
        } else if isLarge(request) {
            return handOver(detach(memory, body: body, end: end))
        } else if request.hasCodedContent {
            decode(request)
        } else {
            handle(request)
        }
        memory.buffer.consume(end)
        if memory.buffer.isEmpty { releaseMemory() } else { memory.beginRequest() }
    }

    /// Whether one more request may be with the handler.
    private func admit(_ request: borrowing Request) -> Bool {
        context.accessLog?.began(request, on: self)
        holdsPlace = context.inFlightLimit.enter()
        let isAdmitted = holdsPlace || context.handler.answersBeyondLimit(request)
        if isAdmitted { context.counters.requests.add(1) } else { context.counters.refusedRequests.add(1) }
        return isAdmitted
    }

    private func handle(_ request: borrowing Request) {
        let responder = Responder.take(for: self)
        context.handler.handle(request, responder)
        Responder.recycle(responder, context)
    }

    /// Whether the request is to be handled away from the loop.
    private func isLarge(_ request: borrowing Request) -> Bool {
        let limit = context.limits.maxInlineBodyBytes
        return unsafe request.body.count > (request.hasCodedContent ? limit / 8 : limit)
    }

    /// Takes the request out of the connection; what the client has sent behind it stays.
    private func detach(_ memory: RequestMemory, body: Range<Int>, end: Int) -> DetachedRequest {
        self.memory = nil
        if memory.buffer.count > end {
            let following = context.pool.takeRequestMemory()
            unsafe following.buffer.append(UnsafeRawBufferPointer(rebasing: memory.buffer.bytes[end...]))
            memory.buffer.truncate(to: end)
            self.memory = following
        }
        return DetachedRequest(
            memory, bodyRange: body, peer: peer, isLocal: isLocal, clientSubject: clientSubject, limits: context.limits)
    }

    private func handOver(_ request: DetachedRequest) {
        let responder = Responder.take(for: self)
        context.handler.handle(large: request, responder)
        Responder.recycle(responder, context)
    }

    /// The request is no longer with the handler.
    func endHandling() {
        context.counters.requestsInFlight.add(-1)
        guard holdsPlace else { return }
        holdsPlace = false
        context.inFlightLimit.leave()
    }

    /// Where the body lies, and where the request ends on the wire.
    private func bodyRange(_ memory: RequestMemory) -> (body: Range<Int>, end: Int) {
        let start = memory.head.byteCount
        switch memory.head.framing {
        case .none: return (start..<start, start)
        case .length(let length): return (start..<start + length, start + length)
        case .chunked:
            guard let chunks = memory.chunks else { return (start..<start, start) }
            return (start..<chunks.bodyEnd, chunks.rawStart)
        }
    }

    /// Waits for the next request.
    func rest() {
        phase = .idle
        phaseDeadline = context.now + (context.isDraining ? context.times.drainGrace : context.times.idle)
    }

    /// Answers bytes that are no request, after which nothing more is understood on this connection.
    func refuse(_ refusal: ProtocolRefusal) {
        context.counters.refusedRequests.add(1)
        context.logger.debug(
            "refused a request",
            metadata: [
                "peer": "\(peer)", "status": "\(refusal.status.code)", "reason": "\(refusal.message)",
            ])
        answersHead = memory?.head.method == .head
        prefersGzip = false
        context.accessLog?.refused(refusal, on: self)
        append(.error(refusal.status, refusal.message), closes: true)
        phase = .finishing
    }

    /// The client sends nothing more.
    func endOfInput() {
        switch phase {
        case .head, .body: refuse(.bad("the connection ended in the middle of a request"))
        case .idle: phase = .finishing
        default: break
        }
    }

    func releaseMemory() {
        guard let memory else { return }
        self.memory = nil
        context.pool.give(memory)
    }
}
