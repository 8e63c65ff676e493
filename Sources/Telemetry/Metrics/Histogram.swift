import Synchronization

/// How often values fell into each bucket, and their sum; any thread.
package final class Histogram: Sendable {
    /// Counts per bucket (not cumulative), their number being one more than the limits', and the sum of all values.
    package struct Snapshot: Sendable, Equatable {
        package var counts: [UInt64]
        package var sum: Double
    }

    package let buckets: HistogramBuckets
    /// One lock keeps counts and sum in step for whoever reads them.
    private let state: Mutex<Snapshot>

    package init(_ buckets: HistogramBuckets) {
        self.buckets = buckets
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: buckets.limits.count + 1), sum: 0))
    }

    package func observe(_ value: Double) {
        let index = buckets.index(for: value)
        state.withLock { state in
            state.counts[index] &+= 1
            state.sum += value
        }
    }

    package var snapshot: Snapshot { state.withLock { $0 } }
}
