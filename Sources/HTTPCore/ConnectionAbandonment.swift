import Synchronization

// Clients that leave while their request is being handled.

extension Connection {
    /// What other threads may know of the client's interest in the response; it only ever sinks.
    enum Presence: UInt8, AtomicRepresentable {
        case waiting
        /// The client has closed its side while it waited, so that work for its request is in vain, though it may still read.
        case left
        /// The connection is closed: nobody can get a response.
        case closed
    }

    /// Whether the client has left or given up, so that work for its request is in vain. From any thread.
    var isGone: Bool { presence.load(ordering: .relaxed) != .waiting }

    /// Whether no response can be sent any more. From any thread.
    var cannotRespond: Bool { presence.load(ordering: .relaxed) == .closed }

    /// The client closes its side while its request is with the handler.
    ///
    /// One that has sent further requests ahead, or had closed before, has sent its last request and waits for
    /// its responses (RFC 9112 §9.6 allows that). One that closes now, with nothing sent ahead, has given up: its response
    /// is worth no work that has not begun. Should it still read, it gets the response, and then the end.
    func endedWhileHandling() {
        guard memory?.buffer.isEmpty ?? true else { return }
        let memory = self.memory ?? context.pool.takeRequestMemory()
        self.memory = memory
        switch read(into: &memory.buffer, atLeast: MemoryPool.bufferByteCount) {
        case .bytes(let count): return memory.buffer.commit(count)
        case .ended:
            abandon()
            makeResponseLast()
        case .refused, .failed: return close(reset: false)
        case .wouldBlock, .wantsTurn: break
        }
        releaseMemory()
    }

    private func makeResponseLast() {
        guard case .handling(var pending) = state else { return }
        pending.makeLast()
        state = .handling(pending)
    }

    /// Notes that nobody waits for the response to the request that is being handled.
    func abandon() {
        guard !isGone else { return }
        presence.store(.left, ordering: .relaxed)
        context.counters.abandonedRequests.add(1)
    }
}
