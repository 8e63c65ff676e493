import Synchronization

/// Why memory was not given.
package struct MemoryRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Cause: Sendable, Hashable {
        /// More than one run may have: another request, not another time, would help.
        case limit
        /// More than is left of the memory that all models share: later it may be there.
        case budget
        /// The system gave none.
        case system
    }

    package let cause: Cause
    package let byteCount: Int
    /// Bytes that could have been given.
    package let availableByteCount: Int

    package init(_ cause: Cause, byteCount: Int, available: Int = 0) {
        self.cause = cause
        self.byteCount = byteCount
        availableByteCount = max(0, available)
    }

    package var description: String {
        switch cause {
        case .limit: "needs \(byteCount) bytes, over the \(availableByteCount) that a run may still take; send a smaller request"
        case .budget:
            "needs \(byteCount) bytes, \(availableByteCount) of the memory budget are left; try again later or raise engine.memory_budget"
        case .system: "needs \(byteCount) bytes, which the system did not give"
        }
    }
}

/// Counts memory before it is taken; shared by many takers. Any thread.
package protocol MemoryLedger: AnyObject, Sendable {
    /// - Throws: `.budget` when so much is not left; then nothing is counted.
    func charge(_ byteCount: Int) throws(MemoryRefusal)
    func credit(_ byteCount: Int)
}

/// What one run may take for results whose sizes depend on data: a limit of its own, under the ledger of all.
///
/// Storage that is charged to an allowance gives its bytes back when it is freed, which may be after the run.
package final class MemoryAllowance: MemoryLedger {
    package let byteLimit: Int
    private let ledger: (any MemoryLedger)?
    private let used = Atomic(0)

    package init(byteLimit: Int, ledger: (any MemoryLedger)? = nil) {
        self.byteLimit = byteLimit
        self.ledger = ledger
    }

    package var usedByteCount: Int { used.load(ordering: .relaxed) }

    package func charge(_ byteCount: Int) throws(MemoryRefusal) {
        guard byteCount > 0 else { return }
        var before = used.load(ordering: .relaxed)
        while true {
            // Neither wraps round to a small sum, nor counts for another thread what this one is refused.
            guard byteCount <= byteLimit - before else {
                throw MemoryRefusal(.limit, byteCount: byteCount, available: byteLimit - before)
            }
            let (exchanged, original) = used.weakCompareExchange(
                expected: before, desired: before + byteCount, ordering: .relaxed)
            if exchanged { break }
            before = original
        }
        do {
            try ledger?.charge(byteCount)
        } catch {
            used.wrappingSubtract(byteCount, ordering: .relaxed)
            throw error
        }
    }

    package func credit(_ byteCount: Int) {
        guard byteCount > 0 else { return }
        used.wrappingSubtract(byteCount, ordering: .relaxed)
        ledger?.credit(byteCount)
    }
}
