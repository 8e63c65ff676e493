// How a connection hands requests to the handler and takes the responses.

extension Connection {
    /// Gives the whole request at the start of the buffer to the handler.
    func handleRequest() {
        guard let memory else { return }
        let (body, end) = bodyRange(memory)
        let request = Request(
            memory, bodyRange: body, peer: peer, isLocal: isLocal, isAdministrative: isAdministrative, clientSubject: clientSubject)
        if !beginHandling(request, memory) {
            respond(with: Overload.tooManyInFlight)
        } else if isLarge(request) {
            return handOver(detach(memory, body: body, end: end))
        } else if request.hasCodedContent {
            handle(coded: request)
        } else {
            handle(request)
        }
        memory.buffer.consume(end)
        guard !memory.buffer.isEmpty else { return releaseMemory() }
        memory.beginRequest()
        memory.began = context.now
    }

    /// - Returns: Whether one more request may be with the handler.
    private func beginHandling(_ request: borrowing Request, _ memory: RequestMemory) -> Bool {
        requestCount += 1
        let limit = context.limits.maxRequestsPerConnection
        let identity = RequestIdentity(memory, &context.numbering)
        let accessRecord = context.accessLog?.began(request, on: self, identity)
        let holdsPlace = context.inFlightLimit.enter()
        state = .handling(
            PendingResponse(
                to: memory, isLast: limit > 0 && requestCount >= limit, holdsPlace: holdsPlace, identity: identity, accessRecord))
        context.counters.requestsInFlight.add(1)
        let isAdmitted = holdsPlace || context.handler.answersBeyondLimit(request)
        if isAdmitted { context.counters.requests.add(1) } else { context.counters.refusedRequests.add(1) }
        return isAdmitted
    }

    private func handle(_ request: borrowing Request) {
        let responder = Responder.take(for: self)
        context.handler.handle(request, responder)
        Responder.recycle(responder, context)
    }

    /// Handles the request with its content decoded, which lives for the length of the handler's call, in memory of the loop.
    private func handle(coded request: borrowing Request) {
        let responder = Responder.take(for: self)
        var content = context.pool.takeOutput()
        context.handler.handle(coded: request, responder, context.coder, limit: context.limits.maxBodyBytes, &content)
        context.pool.give(content)
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
            following.began = context.now
            memory.buffer.truncate(to: end)
            self.memory = following
        }
        return DetachedRequest(
            memory, bodyRange: body, peer: peer, isLocal: isLocal, isAdministrative: isAdministrative, clientSubject: clientSubject,
            context: context)
    }

    private func handOver(_ request: DetachedRequest) {
        let responder = Responder.take(for: self)
        context.handler.handle(large: request, responder)
        Responder.recycle(responder, context)
    }

    /// Takes the response to the request that is being handled.
    func respond(with response: Response) {
        assert(context.isCurrent)
        guard case .handling(let pending) = state else { return }
        let closes = isLast(pending)
        append(response, to: pending, closes: closes)
        writeWatch = response.watch
        finishHandling(pending, closes: closes)
        drive()
    }

    /// Builds a response at its place in the output, within the handler's call; JSON unless another type is given.
    func respondWithJSON(
        _ status: HTTPStatus, _ contentType: StaticString?, _ compression: ResponseCompression, _ subject: AccessSubject?,
        fields: (inout ByteBuffer) -> Void, content: (inout ByteBuffer) -> Void, watch: () -> WriteWatch?
    ) {
        assert(context.isCurrent)
        guard case .handling(let pending) = state else { return }
        let closes = isLast(pending)
        appendJSON(status, contentType, compression, subject, fields: fields, content: content, to: pending, closes: closes)
        writeWatch = watch()
        finishHandling(pending, closes: closes)
    }

    private func isLast(_ pending: PendingResponse) -> Bool { !pending.keepsAlive || context.isLeaving || context.isDraining }

    /// How the client prefers to get the response.
    var contentPreference: ContentPreference { if case .handling(let pending) = state { pending.contentPreference } else { .none } }

    /// The response is in the output.
    private func finishHandling(_ pending: PendingResponse, closes: Bool) {
        endHandling(pending)
        if closes {
            state = .finishing
        } else {
            state = .idle(until: context.now + (context.isDraining ? context.times.drainGrace : context.times.idle))
        }
    }

    /// The request is no longer with the handler.
    func endHandling(_ pending: PendingResponse) {
        context.counters.requestsInFlight.add(-1)
        if pending.holdsPlace { context.inFlightLimit.leave() }
    }
}
