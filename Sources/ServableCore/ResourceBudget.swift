import Synchronization

/// How much memory servables may hold together.
///
/// A version's estimate is reserved before it is loaded, corrected to what it really holds once it is, and given back when
/// its memory has been freed.
package final class ResourceBudget: Sendable {
    /// Nil means without limit.
    package let byteLimit: Int?
    private let reserved = Mutex(0)

    package init(byteLimit: Int? = nil) {
        self.byteLimit = byteLimit.map { max(0, $0) }
    }

    package var reservedByteCount: Int { reserved.withLock { $0 } }

    /// Sets `byteCount` bytes aside, or refuses with `resourceExhausted`.
    package func reserve(_ byteCount: Int, for id: ServableID) throws(ServableError) -> Reservation {
        let needed = max(0, byteCount)
        let free = reserved.withLock { reserved -> Int? in
            let free = byteLimit.map { max(0, $0 - reserved) } ?? Int.max - reserved
            guard needed <= free else { return free }
            reserved += needed
            return nil
        }
        if let free {
            throw ServableError(
                .resourceExhausted,
                "\(id) needs \(needed) bytes of memory, \(free) of the budget of \(byteLimit ?? Int.max) are available; raise the memory "
                    + "budget or serve fewer models or versions"
            )
        }
        return Reservation(budget: self, byteCount: needed)
    }

    fileprivate func change(from old: Int, to new: Int) {
        reserved.withLock { $0 = max(0, $0 - old).addingReportingOverflow(new).partialValue }
    }
}

/// Memory set aside; given back by `release`, at the latest when the last reference goes.
package final class Reservation: Sendable {
    private let budget: ResourceBudget
    private let byteCount: Mutex<Int>

    fileprivate init(budget: ResourceBudget, byteCount: Int) {
        self.budget = budget
        self.byteCount = Mutex(byteCount)
    }

    deinit { release() }

    /// Corrects the estimate to what is really held, even beyond the limit: it is held already.
    package func correct(to actualByteCount: Int) {
        byteCount.withLock {
            budget.change(from: $0, to: max(0, actualByteCount))
            $0 = max(0, actualByteCount)
        }
    }

    package func release() { correct(to: 0) }
}
