import Synchronization

/// How often values fell into each bucket, and their sum; any thread.
package final class Histogram: Sendable {
    /// Counts per bucket (not cumulative), their number being one more than the limits', and the sum of all values.
    package struct Snapshot: Sendable, Equatable {
        package var counts: [UInt64]
        package var sum: Double
    }

    /// One lock keeps a thread's counts and sum in step for whoever reads them.
    private final class Stripe: Sendable {
        let state: Mutex<Snapshot>
        private let padding = CacheLinePadding()

        init(_ buckets: HistogramBuckets) { state = Mutex(Snapshot(buckets)) }
    }

    package let buckets: HistogramBuckets
    private let stripes = Stripes<Stripe>()

    package init(_ buckets: HistogramBuckets) { self.buckets = buckets }

    package func observe(_ value: Double) {
        let index = buckets.index(for: value)
        stripes.withMine {
            Stripe(buckets)
        } _: { stripe in
            stripe.state.withLock { state in
                state.counts[index] &+= 1
                state.sum += value
            }
        }
    }

    package var snapshot: Snapshot {
        stripes.all.reduce(into: Snapshot(buckets)) { total, stripe in total.add(stripe.state.withLock { $0 }) }
    }
}

extension Histogram.Snapshot {
    fileprivate init(_ buckets: HistogramBuckets) {
        self.init(counts: Array(repeating: 0, count: buckets.limits.count + 1), sum: 0)
    }

    fileprivate mutating func add(_ other: Histogram.Snapshot) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
        sum += other.sum
    }
}
