import Synchronization

/// How many requests may be with the handler at once, over all loops of a server.
final class InFlightLimit: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    /// - Parameter limit: 0 means any number, which costs nothing to count.
    init(_ limit: Int) { self.limit = limit }

    /// Takes a place; returns false when there is none. Each place taken is given back by one `leave`.
    func enter() -> Bool {
        guard limit > 0 else { return true }
        if count.add(1, ordering: .relaxed).newValue <= limit { return true }
        count.subtract(1, ordering: .relaxed)
        return false
    }

    func leave() {
        if limit > 0 { count.subtract(1, ordering: .relaxed) }
    }
}
