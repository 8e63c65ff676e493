import Synchronization
import Tensors

/// A ledger that remembers what it was charged with, and refuses over a limit.
final class CountingLedger: MemoryLedger {
    private struct State {
        var used = 0
        var most = 0
        var wasOverdrawn = false
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int = 1 << 40) { self.limit = limit }

    var used: Int { state.withLock { $0.used } }
    /// The most that was counted at once.
    var most: Int { state.withLock { $0.most } }
    /// Whether more was ever credited than had been charged.
    var wasOverdrawn: Bool { state.withLock { $0.wasOverdrawn } }

    func charge(_ byteCount: Int) throws(MemoryRefusal) {
        try state.withLock { state throws(MemoryRefusal) in
            guard byteCount <= limit - state.used else {
                throw MemoryRefusal(.budget, byteCount: byteCount, available: limit - state.used)
            }
            state.used += byteCount
            state.most = max(state.most, state.used)
        }
    }

    func credit(_ byteCount: Int) {
        state.withLock { state in
            state.used -= byteCount
            if state.used < 0 { state.wasOverdrawn = true }
        }
    }
}
