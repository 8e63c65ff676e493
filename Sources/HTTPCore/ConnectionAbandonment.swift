import Synchronization

// Clients that leave while their request is being handled.

extension Connection {
    /// Whether the client has left or given up, so that work for its request is in vain. From any thread.
    var isGone: Bool { gone.load(ordering: .relaxed) }

    /// The client closes its side while its request is with the handler.
    ///
    /// One that has sent further requests ahead, or had closed before, says that it is through with asking and waits for
    /// its answers (RFC 9112 §9.6 allows that). One that closes now, with nothing sent ahead, has given up: its answer is
    /// worth no work that has not begun. Should it still read, it gets the answer, and then the end.
    func endedWhileHandling() {
        guard memory?.buffer.isEmpty ?? true else { return }
        let memory = self.memory ?? context.pool.takeRequestMemory()
        self.memory = memory
        _ = unsafe memory.buffer.reserve(MemoryPool.bufferByteCount)
        let offered = memory.buffer.freeCount
        switch unsafe read(into: memory.buffer.reserve(1), offered) {
        case .bytes(let count): return memory.buffer.commit(count)
        case .ended:
            abandon()
            keepsAlive = false
        case .refused, .failed: return close(reset: false)
        case .wouldBlock, .wantsTurn: break
        }
        releaseMemory()
    }

    /// Notes that nobody waits for the answer to the request that is being handled.
    func abandon() {
        guard !isGone else { return }
        gone.store(true, ordering: .relaxed)
        context.counters.abandonedRequests.add(1)
    }
}
