import Synchronization

/// How much memory servables, and what serves them, may hold together.
///
/// A version's estimate is reserved before it is loaded. What it takes is charged to its reservation as it is taken, during
/// the load and afterwards, and credited as it is freed. Safe from every thread.
package final class ResourceBudget: Sendable {
    /// Nil means without limit.
    package let byteLimit: Int?
    private let reserved = Mutex(0)

    package init(byteLimit: Int? = nil) {
        self.byteLimit = byteLimit.map { max(0, $0) }
    }

    /// Sum over all reservations of what each counts for.
    package var reservedByteCount: Int { reserved.withLock { $0 } }

    /// Reserves the memory that a version is expected to take, or refuses with `resourceExhausted`.
    package func reserve(_ byteCount: Int, for id: ServableID) throws(ServableError) -> Reservation {
        let estimate = max(0, byteCount)
        if let available = take(estimate) {
            throw Reservation.refusal(of: estimate, to: id.description, available: available, limit: byteLimit)
        }
        return Reservation(budget: self, owner: id.description, phase: .loading(estimate: estimate))
    }

    /// A reservation for memory that belongs to no version, such as the arenas of a lane: it counts for what is charged.
    ///
    /// - Parameter owner: what holds the memory, as refusals name it.
    package func reservation(named owner: String) -> Reservation {
        Reservation(budget: self, owner: owner, phase: .settled)
    }

    /// Adds to the sum; nil when granted, else the bytes that are available, and nothing has changed.
    func take(_ byteCount: Int) -> Int? {
        reserved.withLock { reserved in
            let available = max(0, (byteLimit ?? .max) - reserved)
            guard byteCount <= available else { return available }
            reserved += byteCount
            return nil
        }
    }

    func giveBack(_ byteCount: Int) {
        reserved.withLock { $0 -= byteCount }
    }
}
