import Logging

// How a connection's responses reach the client.

extension Connection {
    /// Appends a response to the output.
    func append(_ response: Response, to pending: PendingResponse, closes: Bool) {
        takeOutput()
        let start = output.count
        ResponseWriter.append(response, options(pending, closes: closes), pending.identity, context, to: &output)
        noteResponse(response.status, response.subject, to: pending, from: start, closes: closes)
    }

    /// Builds a response at the end of the output; JSON unless another type is given.
    func appendJSON(
        _ status: HTTPStatus, _ contentType: StaticString?, _ compression: ResponseCompression, _ subject: AccessSubject?,
        fields: (inout ByteBuffer) -> Void,
        content: (inout ByteBuffer) -> Void, to pending: PendingResponse, closes: Bool
    ) {
        takeOutput()
        let start = output.count
        var options = options(pending, closes: closes)
        options.compression = compression
        let place = ResponseWriter.beginJSON(status, contentType, fields, options, pending.identity, context, to: &output)
        content(&output)
        ResponseWriter.end(place, options, context.coder, &output)
        noteResponse(status, subject, to: pending, from: start, closes: closes)
    }

    private func noteResponse(
        _ status: HTTPStatus, _ subject: AccessSubject?, to pending: PendingResponse, from start: Int, closes: Bool
    ) {
        context.counters.countResponse(status)
        if status.code >= 400 { logRefusal(status, of: pending) }
        guard pending.accessRecord != nil else { return }
        let outcome = AccessOutcome(
            status: status, subject: subject, responseByteCount: contentByteCount(from: start), keepsAlive: !closes, hasClientLeft: isGone)
        log(outcome, of: pending)
    }

    private func logRefusal(_ status: HTTPStatus, of pending: PendingResponse) {
        context.logger.debug(
            "request \(pending.identity) of \(peer): \(status.code) \(status.reason)",
            metadata: [".peer": "\(peer)", ".status": .stringConvertible(status.code)])
    }

    /// Bytes behind the head of the response that begins there.
    private func contentByteCount(from start: Int) -> Int {
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: output.bytes[start...])
        var index = 0
        while index + 3 < bytes.count {
            if unsafe bytes[index] == UInt8(ascii: "\r"), unsafe bytes[index + 2] == UInt8(ascii: "\r") { return bytes.count - index - 4 }
            index += 1
        }
        return 0
    }

    /// The request's line of the access log can be written.
    func log(_ outcome: AccessOutcome, of pending: PendingResponse) {
        guard let record = pending.accessRecord else { return }
        context.accessLog?.ended(record, outcome, listener: listener)
    }

    private func options(_ pending: PendingResponse, closes: Bool) -> ResponseWriter.Options {
        ResponseWriter.Options(
            omitsContent: pending.omitsContent, closes: closes, confirmsKeepAlive: pending.confirmsKeepAlive,
            preference: pending.contentPreference, compressionThreshold: context.compressionThreshold, isEncrypted: isEncrypted)
    }

    func takeOutput() {
        if output.isEmpty { output = context.pool.takeOutput() }
    }

    /// Writes until everything is sent, the client takes no more, or the turn's budget is spent.
    func flush() {
        guard !isClosed else { return }
        while !output.isEmpty, readiness.isWritable {
            let room = turn.roomToWrite()
            guard room > 0 else { break }
            switch unsafe transport.write(UnsafeRawBufferPointer(rebasing: output.bytes.prefix(room))) {
            case .bytes(let count):
                output.consume(count)
                turn.noteWritten(count)
                writeWindow?.note(count)
                context.counters.bytesSent.add(count)
            case .wouldBlock, .wantsTurn: readiness.noteNoRoomToWrite()
            case .ended, .refused, .failed: return close(reset: false)
            }
        }
        if !output.isEmpty {
            if writeWindow == nil { beginWriteWindow() }
            return
        }
        writeWindow = nil
        if let watch = writeWatch {
            writeWatch = nil
            watch.end(at: .now)
        }
        if output.freeCount > 0 { context.pool.give(exchange(&output, with: ByteBuffer())) }
        if state.isFinishing { finish() }
    }

    func beginWriteWindow() { writeWindow = ProgressWindow(until: context.now + context.times.write) }

    /// Everything is sent: says so and lets the client read it in peace.
    private func finish() {
        releaseMemory()
        if readiness.hasInputEnded { return close(reset: false) }
        transport.shutdownWrite()
        state = .lingering(until: context.now + context.times.linger)
    }
}
