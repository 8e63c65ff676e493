import Synchronization

/// A number that only grows; any thread.
package final class Counter: Sendable {
    private let total = Atomic<UInt64>(0)

    package init() {}

    package var value: UInt64 { total.load(ordering: .relaxed) }

    package func increment(by amount: UInt64 = 1) {
        total.wrappingAdd(amount, ordering: .relaxed)
    }
}
