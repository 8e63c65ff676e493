import Synchronization

/// A number that only grows; any thread.
package final class Counter: Sendable {
    private final class Stripe: Sendable {
        let total = Atomic<UInt64>(0)
        private let padding = CacheLinePadding()
    }

    private let stripes = Stripes<Stripe>()

    package init() {}

    package var value: UInt64 { stripes.all.reduce(0) { $0 &+ $1.total.load(ordering: .relaxed) } }

    package func increment(by amount: UInt64 = 1) {
        stripes.withMine {
            Stripe()
        } _: {
            _ = $0.total.wrappingAdd(amount, ordering: .relaxed)
        }
    }
}
