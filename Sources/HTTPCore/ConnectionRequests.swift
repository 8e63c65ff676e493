import Logging

// How a connection turns buffered bytes into requests.

extension Connection {
    /// Reads on in the buffered bytes.
    ///
    /// - Returns: Whether a whole request lies at their start.
    func completeRequest() throws(ProtocolRefusal) -> Bool {
        guard let memory, !memory.buffer.isEmpty else { return false }
        if !state.isBody {
            guard try completeHead(memory) else { return false }
            state = .body(ProgressWindow(until: context.now + context.times.body))
            prepareBody(memory)
        }
        return try completeBody(memory)
    }

    private func completeHead(_ memory: RequestMemory) throws(ProtocolRefusal) -> Bool {
        let bytes = unsafe memory.buffer.bytes.assumingMemoryBound(to: UInt8.self)
        if try unsafe memory.parser.advance(over: bytes.span, into: &memory.head, limits: context.limits) { return true }
        if case .idle(let end) = state, memory.parser.hasBegun {
            // A new connection's head is due from the accept on, which its first deadline says already.
            state = .head(until: requestCount > 0 ? context.now + context.times.head : end)
        }
        return false
    }

    private func prepareBody(_ memory: RequestMemory) {
        if memory.head.framing == .chunked { memory.chunks = ChunkedDecoder(bodyStart: memory.head.byteCount) }
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

    /// Where the body lies, and where the request ends on the wire.
    func bodyRange(_ memory: RequestMemory) -> (body: Range<Int>, end: Int) {
        let start = memory.head.byteCount
        switch memory.head.framing {
        case .none: return (start..<start, start)
        case .length(let length): return (start..<start + length, start + length)
        case .chunked:
            guard let chunks = memory.chunks else { return (start..<start, start) }
            return (start..<chunks.bodyEnd, chunks.rawStart)
        }
    }

    /// Responds to bytes that are no request, after which nothing more is understood on this connection.
    func refuse(_ refusal: ProtocolRefusal) {
        context.counters.refusedRequests.add(1)
        context.logger.debug("bytes of \(peer) refused: \(refusal.message)", metadata: [".peer": "\(peer)"])
        let identity = RequestIdentity(memory, &context.numbering)
        let pending = PendingResponse(
            refusing: memory, identity: identity, context.accessLog?.refused(refusal, on: self, identity))
        append(.error(refusal.status, refusal.message), to: pending, closes: true)
        state = .finishing
    }
}
