import Synchronization

/// How often values fell into each bucket, and their sum; any thread.
///
/// Values are whole numbers of a small unit, such as nanoseconds, so that counting one takes two additions and no lock. A reader
/// may see a value that is counted just then in its bucket and not yet in the sum.
package final class Histogram: Sendable {
    /// Counts per bucket (not cumulative), their number being one more than the limits', and the sum of all values in the unit of
    /// the limits.
    package struct Snapshot: Sendable, Equatable {
        package var counts: [UInt64]
        package var sum: Double

        package var isEmpty: Bool { counts.allSatisfy { $0 == 0 } }
    }

    /// One thread's counts, and behind them its sum.
    @safe private final class Stripe: Sendable {
        private nonisolated(unsafe) let words: UnsafeMutablePointer<Atomic<Int64>>
        private let bucketCount: Int
        /// Keeps the words of two threads out of one cache line, and out of two that a processor fetches together.
        private static let paddingWordCount = 16

        init(bucketCount: Int) {
            self.bucketCount = bucketCount
            let wordCount = bucketCount + 1 + Self.paddingWordCount
            unsafe words = .allocate(capacity: wordCount)
            for index in 0..<wordCount { unsafe (words + index).initialize(to: Atomic(0)) }
        }

        deinit {
            unsafe words.deinitialize(count: bucketCount + 1 + Self.paddingWordCount)
            unsafe words.deallocate()
        }

        /// - Parameter index: below the number of buckets.
        @inline(__always)
        func add(_ value: Int64, to index: Int) {
            unsafe words[index].wrappingAdd(1, ordering: .relaxed)
            unsafe words[bucketCount].wrappingAdd(value, ordering: .relaxed)
        }

        /// Zero is in the first bucket, and adds nothing to the sum.
        @inline(__always)
        func addZero() { unsafe words[0].wrappingAdd(1, ordering: .relaxed) }

        func count(_ index: Int) -> UInt64 { UInt64(bitPattern: unsafe words[index].load(ordering: .relaxed)) }
        var sum: Int64 { unsafe words[bucketCount].load(ordering: .relaxed) }
    }

    package let buckets: HistogramBuckets
    private let table: BucketTable
    private let stripes = Stripes<Stripe>()

    package init(_ buckets: HistogramBuckets) {
        self.buckets = buckets
        table = buckets.table
    }

    /// - Parameter value: in the unit that is counted; one below zero, which only a clock that goes wrong brings, counts as zero.
    package func observe(_ value: Int64) { add(value, on: .mine) }

    /// The same for a thread that knows its stripe, as one does that has several values to count.
    @inline(__always)
    func add(_ value: Int64, on stripe: StripeIndex) {
        let counts = stripes.stripe(stripe) { Stripe(bucketCount: table.bucketCount) }
        // What is in a place stays there as long as the histogram does.
        counts._withUnsafeGuaranteedRef { counts in
            if value > 0 { counts.add(value, to: table.index(for: value)) } else { counts.addZero() }
        }
    }

    /// How many values were observed, and their sum in the unit that is counted.
    var total: (count: UInt64, sum: Int64) {
        stripes.all.reduce((0, 0)) { total, stripe in
            ((0...buckets.limits.count).reduce(total.count) { $0 &+ stripe.count($1) }, total.sum &+ stripe.sum)
        }
    }

    package var snapshot: Snapshot {
        var counts = Array(repeating: UInt64(0), count: buckets.limits.count + 1)
        var sum = Int64(0)
        for stripe in stripes.all {
            for index in counts.indices { counts[index] &+= stripe.count(index) }
            sum &+= stripe.sum
        }
        return Snapshot(counts: counts, sum: Double(sum) / buckets.scale)
    }
}
