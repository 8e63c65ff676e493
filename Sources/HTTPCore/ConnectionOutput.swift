// How a connection's answers reach the client.

extension Connection {
    /// Builds an answer at the end of the output.
    func append(_ answer: Answer, closes: Bool) {
        takeOutput()
        let options = ResponseWriter.Options(
            omitsContent: answersHead, closes: closes, confirmsKeepAlive: confirmsKeepAlive, prefersGzip: prefersGzip,
            compressionThreshold: context.compressionThreshold)
        let start = output.count
        ResponseWriter.append(answer, options, commonFields: context.commonFields, coder: context.coder, to: &output)
        context.counters.countResponse(answer.status)
        context.accessLog?.ended(
            AccessOutcome(
                status: answer.status, responseByteCount: output.count - start, keepsAlive: !closes, hasClientLeft: isGone),
            on: self)
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
        writeDeadline = context.now + context.limits.writeTimeout
    }

    /// Everything is sent: says so and lets the client read it in peace.
    private func finish() {
        releaseMemory()
        if hasInputEnded { return close(reset: false) }
        transport.shutdownWrite()
        phase = .lingering
        phaseDeadline = context.now + context.limits.lingerTimeout
    }
}
