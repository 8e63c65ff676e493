// How a connection reads what the client sends.

extension Connection {
    /// Memory that a body's announced length alone may claim.
    private static let firstBodyStep = 256 * 1024

    /// Reads once.
    ///
    /// - Returns: Whether bytes came.
    func receive() -> Bool {
        if readiness.hasInputEnded {
            endOfInput()
            return false
        }
        guard readiness.isReadable else { return false }
        let memory = self.memory ?? context.pool.takeRequestMemory()
        self.memory = memory
        switch read(into: &memory.buffer, atLeast: wantedByteCount(memory)) {
        case .bytes(let count):
            if memory.buffer.isEmpty { memory.began = context.now }
            memory.buffer.commit(count)
            if case .body(var window) = state {
                window.note(count)
                state = .body(window)
            }
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
        if state.isBody, case .length(let length) = memory.head.framing {
            let remaining = memory.head.byteCount + length - memory.buffer.count
            return max(1, min(remaining, max(Self.firstBodyStep, memory.buffer.count)))
        }
        return memory.buffer.isEmpty ? MemoryPool.bufferByteCount : MemoryPool.bufferByteCount / 4
    }

    /// Reads into the free space of `buffer`, which is made to be `byteCount` or more; what came is to be committed.
    func read(into buffer: inout ByteBuffer, atLeast byteCount: Int) -> TransportResult {
        let start = unsafe buffer.reserve(byteCount)
        let space = unsafe UnsafeMutableRawBufferPointer(start: start, count: buffer.freeCount)
        let result = unsafe handshake.isUnderWay ? readInHandshake(into: space) : transport.read(into: space)
        switch result {
        case .bytes(let count):
            context.counters.bytesReceived.add(count)
            turn.noteRead(count)
            // A short read has emptied the socket, unless its end waits behind the bytes.
            if count < space.count, !readiness.inputEnds, transport.shortReadMeansEmpty { readiness.noteNothingToRead() }
        case .wouldBlock: readiness.noteNothingToRead()
        case .wantsTurn: turn.wantTurn()
        case .ended: readiness.noteEndRead()
        case .refused, .failed: break
        }
        return result
    }

    /// Reads, and forgets, what comes after the last response.
    func discardInput() {
        let scratch = context.pool.takeRequestMemory()
        while readiness.isReadable, state.isLingering, !turn.wantsTurn, turn.allowsMore() {
            switch read(into: &scratch.buffer, atLeast: MemoryPool.bufferByteCount) {
            case .bytes, .wouldBlock, .wantsTurn: break
            case .ended, .refused, .failed: close(reset: false)
            }
        }
        context.pool.give(scratch)
    }

    /// The client sends nothing more.
    private func endOfInput() {
        switch state {
        case .head, .body: refuse(.bad("the connection ended in the middle of a request"))
        case .idle: state = .finishing
        case .handling, .finishing, .lingering, .closed: break
        }
    }

    func releaseMemory() {
        guard let memory else { return }
        self.memory = nil
        context.pool.give(memory)
    }
}
