import Synchronization
import Tensors

/// A ledger that refuses nothing and remembers what it was charged with.
final class CountingLedger: MemoryLedger {
    private let count = Mutex((used: 0, wasOverdrawn: false))

    var used: Int { count.withLock { $0.used } }
    /// Whether more was ever credited than had been charged.
    var wasOverdrawn: Bool { count.withLock { $0.wasOverdrawn } }

    func charge(_ byteCount: Int) throws(MemoryRefusal) { count.withLock { $0.used += byteCount } }

    func credit(_ byteCount: Int) {
        count.withLock { count in
            count.used -= byteCount
            if count.used < 0 { count.wasOverdrawn = true }
        }
    }
}
