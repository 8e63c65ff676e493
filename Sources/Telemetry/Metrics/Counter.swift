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

    package func increment(by amount: UInt64 = 1) { add(amount, on: .mine) }

    /// The same for a thread that knows its stripe, as one does that has several things to count.
    @inline(__always)
    func add(_ amount: UInt64, on stripe: StripeIndex) {
        // What is in a place stays there as long as the counter does.
        stripes.stripe(stripe) { Stripe() }._withUnsafeGuaranteedRef {
            _ = $0.total.wrappingAdd(amount, ordering: .relaxed)
        }
    }
}
