/// Chooses how many rows a batch may have so that the slowest requests stay within a latency, from how long runs have taken.
///
/// A request that just misses a batch waits for its run and then has a run of its own, so that a batch may take half of the target.
/// For each execution size the time is known as a smoothed mean and mean deviation, and what all but few runs stay below is taken to
/// be the mean and four deviations, as TCP's retransmission timer does (RFC 6298 §2). A size that has not run is judged by the smaller
/// ones: a run takes at most in proportion to its rows. One that has turned out too slow is tried again now and then, rarely enough
/// for the slowest hundredth of requests: its plan may have been made in that run, or the machine was busy.
package struct LatencyTarget: Sendable {
    private struct Estimate {
        var mean: Double
        var deviation: Double

        /// What all but few runs stay below.
        var upperBound: Double { mean + 4 * deviation }

        init(first time: Double) {
            mean = time
            // Nothing is known of how runs differ; as if by an eighth.
            deviation = time / 8
        }

        mutating func note(_ time: Double) {
            deviation += ((time - mean).magnitude - deviation) / 4
            mean += (time - mean) / 8
        }
    }

    private let sizes: [Int]
    private let allowedNanoseconds: Double
    private var estimates: [Estimate?]
    private var runsUntilRetry = Self.retryInterval

    /// Runs between two tries of a size that was too slow.
    private static let retryInterval = 256

    /// Rows that the next batch may have: one of the execution sizes.
    package private(set) var rowLimit: Int

    /// Nil for a policy without a target.
    package init?(_ policy: BatchPolicy) {
        guard let target = policy.targetLatency else { return nil }
        sizes = policy.executionSizes
        // Waiting for company takes its part of the time.
        allowedNanoseconds = Double((target - policy.timeout).attoseconds / 1_000_000_000) / 2
        estimates = Array(repeating: nil, count: sizes.count)
        rowLimit = sizes[0]
    }

    /// Takes note of a run of so many rows, padding included.
    package mutating func note(rowCount: Int, nanoseconds: Int64) {
        // What runs alone because it is larger than every batch says nothing about batches.
        guard let index = sizes.firstIndex(where: { $0 >= rowCount }) else { return }
        let time = Double(max(0, nanoseconds))
        if estimates[index]?.note(time) == nil { estimates[index] = Estimate(first: time) }
        runsUntilRetry -= 1
        if runsUntilRetry <= 0 {
            runsUntilRetry = Self.retryInterval
            if let next = sizes.firstIndex(where: { $0 > rowLimit }) { estimates[next] = nil }
        }
        rowLimit = largestSize()
    }

    /// The largest size whose runs are expected to stay within the allowed time; the smallest when none is.
    private func largestSize() -> Int {
        var best = sizes[0]
        var smaller: (size: Int, bound: Double)?
        for (size, estimate) in zip(sizes, estimates) {
            guard let bound = estimate?.upperBound ?? smaller.map({ $0.bound * Double(size) / Double($0.size) }) else { continue }
            smaller = (size, bound)
            if bound <= allowedNanoseconds { best = size }
        }
        return best
    }
}
