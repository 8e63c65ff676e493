// How a connection's answers reach the client.

extension Connection {
    /// Builds an answer at the end of the output.
    func append(_ response: Response, closes: Bool) {
        takeOutput()
        let start = output.count
        ResponseWriter.append(response, options(closes: closes), context, to: &output)
        noteResponse(response.status, from: start, closes: closes)
    }

    /// Builds a response in JSON at its place in the output, within the handler's call.
    func respondWithJSON(_ status: HTTPStatus, fields: (inout ByteBuffer) -> Void, content: (inout ByteBuffer) -> Void) {
        guard phase == .handling else { return }
        takeOutput()
        let start = output.count
        let closes = !keepsAlive || context.isDraining
        let options = options(closes: closes)
        let place = ResponseWriter.beginJSON(status, fields, options, context, to: &output)
        content(&output)
        ResponseWriter.end(place, options, context.coder, &output)
        noteResponse(status, from: start, closes: closes)
        endHandling()
        if closes { phase = .finishing } else { rest() }
    }

    private func noteResponse(_ status: HTTPStatus, from start: Int, closes: Bool) {
        context.counters.countResponse(status)
        guard let accessLog = context.accessLog else { return }
        let outcome = AccessOutcome(
            status: status, responseByteCount: output.count - start, keepsAlive: !closes, hasClientLeft: isGone)
        accessLog.ended(outcome, on: self)
    }

    private func options(closes: Bool) -> ResponseWriter.Options {
        ResponseWriter.Options(
            omitsContent: answersHead, closes: closes, confirmsKeepAlive: confirmsKeepAlive, prefersGzip: prefersGzip,
            compressionThreshold: context.compressionThreshold, isEncrypted: isEncrypted)
    }

    func takeOutput() {
        if output.isEmpty { output = context.pool.takeOutput() }
    }

    /// Writes until everything is sent or the client takes no more.
    func flush() {
        guard phase != .closed else { return }
        while !output.isEmpty, isWritable {
            switch unsafe transport.write(output.bytes) {
            case .bytes(let count):
                output.consume(count)
                bytesInWriteWindow += count
                context.counters.bytesSent.add(count)
            case .wouldBlock, .wantsTurn: isWritable = false
            case .ended, .refused, .failed: return close(reset: false)
            }
        }
        if !output.isEmpty {
            if writeDeadline == .never { beginWriteWindow() }
            return
        }
        writeDeadline = .never
        if output.freeCount > 0 { context.pool.give(exchange(&output, with: ByteBuffer())) }
        if phase == .finishing { finish() }
    }

    func beginWriteWindow() {
        bytesInWriteWindow = 0
        writeDeadline = context.now + context.times.write
    }

    /// Everything is sent: says so and lets the client read it in peace.
    private func finish() {
        releaseMemory()
        if hasInputEnded { return close(reset: false) }
        transport.shutdownWrite()
        phase = .lingering
        phaseDeadline = context.now + context.times.linger
    }
}
