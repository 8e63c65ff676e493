import Synchronization

/// How much memory servables, and what serves them, may hold together.
///
/// A version's estimate is reserved before it is loaded. What it takes is charged to its reservation as it is taken, during
/// the load and afterwards, and credited as it is freed. Safe from every thread.
package final class ResourceBudget: Sendable {
    /// Nil means without limit.
    package let byteLimit: Int?
    private let reserved = Mutex(0)
    private let refusalHandler = Mutex<(@Sendable () -> Void)?>(nil)

    package init(byteLimit: Int? = nil) {
        self.byteLimit = byteLimit.map { max(0, $0) }
    }

    /// Sum over all reservations of what each counts for.
    package var reservedByteCount: Int { reserved.withLock { $0 } }

    /// Reserves the memory that a version is expected to take, or refuses with `resourceExhausted`.
    ///
    /// - Parameter headroom: bytes that are to be left.
    package func reserve(_ byteCount: Int, keeping headroom: Int = 0, for id: ServableID) throws(ServableError) -> Reservation {
        let estimate = max(0, byteCount)
        let needed = needed(for: estimate, keeping: headroom)
        if let available = take(needed, isServing: false) {
            let left = max(0, available - (needed - estimate))
            throw Reservation.refusal(of: estimate, to: id.description, available: left, limit: byteLimit)
        }
        giveBack(needed - estimate)
        return Reservation(budget: self, owner: id.description, phase: .loading(estimate: estimate))
    }

    /// Bytes that would have to be given back for such a reservation; 0 when it is granted.
    func missing(of byteCount: Int, keeping headroom: Int) -> Int {
        let available = max(0, (byteLimit ?? .max) - reservedByteCount)
        return max(0, needed(for: max(0, byteCount), keeping: headroom) - available)
    }

    /// More than a number can hold is more than any budget has.
    private func needed(for byteCount: Int, keeping headroom: Int) -> Int {
        let (sum, overflow) = byteCount.addingReportingOverflow(max(0, headroom))
        return overflow ? .max : sum
    }

    /// A reservation for memory that belongs to no version, such as the arenas of a lane: it counts for what is charged.
    ///
    /// - Parameter owner: what holds the memory, as refusals name it.
    package func reservation(named owner: String) -> Reservation {
        Reservation(budget: self, owner: owner, phase: .settled)
    }

    /// Adds to the sum; nil when granted, else the bytes that are available, and nothing has changed.
    ///
    /// - Parameter isServing: a refusal is reported to whoever can make room.
    func take(_ byteCount: Int, isServing: Bool = true) -> Int? {
        let available = reserved.withLock { reserved -> Int? in
            let available = max(0, (byteLimit ?? .max) - reserved)
            guard byteCount <= available else { return available }
            reserved += byteCount
            return nil
        }
        if available != nil, isServing { refusalHandler.withLock { $0 }?() }
        return available
    }

    /// - Parameter handler: called after memory was refused to something that serves or loads, on any thread; must not block.
    func onRefusal(_ handler: @escaping @Sendable () -> Void) { refusalHandler.withLock { $0 = handler } }

    func giveBack(_ byteCount: Int) {
        reserved.withLock { $0 -= byteCount }
    }
}
