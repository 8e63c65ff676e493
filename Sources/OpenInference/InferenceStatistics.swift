package import ServableCore

/// What was counted of one version since it was loaded (Triton's extension "statistics").
package struct InferenceStatistics: Sendable, Equatable {
    /// A number of things and the nanoseconds that they took together.
    package struct Total: Sendable, Equatable {
        package var count: UInt64
        package var nanoseconds: UInt64

        package init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
            self.count = count
            self.nanoseconds = nanoseconds
        }

        static func + (left: Total, right: Total) -> Total {
            Total(count: left.count &+ right.count, nanoseconds: left.nanoseconds &+ right.nanoseconds)
        }
    }

    /// Runs of batches of one number of rows.
    package struct Batch: Sendable, Equatable {
        package var rowCount: Int
        package var input: Total
        package var run: Total
        package var output: Total

        package init(rowCount: Int, input: Total, run: Total, output: Total) {
            self.rowCount = rowCount
            self.input = input
            self.run = run
            self.output = output
        }
    }

    /// Milliseconds since 1970 of the last request that was answered well; 0 when there was none.
    package var lastInference: UInt64 = 0
    /// Rows of the requests that ran; of a model without rows, requests.
    package var inferenceCount: UInt64 = 0
    /// Runs.
    package var executionCount: UInt64 = 0
    /// Requests answered well, from a whole request to its response.
    package var success = Total()
    package var failure = Total()
    /// The wait for a lane.
    package var queue = Total()
    /// Putting the inputs of a batch together.
    package var input = Total()
    package var run = Total()
    /// From the outputs to the response.
    package var output = Total()
    /// Ascending by rows.
    package var batches: [Batch] = []
    /// Bytes that the version holds.
    package var memoryByteCount = 0

    package init() {}

    /// Adds what was counted of another signature of the version.
    package mutating func add(_ other: InferenceStatistics) {
        lastInference = max(lastInference, other.lastInference)
        inferenceCount &+= other.inferenceCount
        executionCount &+= other.executionCount
        success = success + other.success
        failure = failure + other.failure
        queue = queue + other.queue
        input = input + other.input
        run = run + other.run
        output = output + other.output
        batches = Self.merged(batches + other.batches)
    }

    /// The same for a model whose first dimension counts no rows.
    func withoutRows() -> InferenceStatistics {
        var result = self
        result.inferenceCount = success.count
        result.batches = Self.merged(
            batches.map { Batch(rowCount: 1, input: $0.input, run: $0.run, output: $0.output) })
        return result
    }

    private static func merged(_ batches: [Batch]) -> [Batch] {
        var sums: [Int: Batch] = [:]
        for batch in batches {
            guard let sum = sums[batch.rowCount] else {
                sums[batch.rowCount] = batch
                continue
            }
            sums[batch.rowCount] = Batch(
                rowCount: batch.rowCount, input: sum.input + batch.input, run: sum.run + batch.run, output: sum.output + batch.output)
        }
        return sums.values.sorted { $0.rowCount < $1.rowCount }
    }
}

/// Keeps what was counted of versions. Any thread.
package protocol InferenceStatisticsSource: Sendable {
    /// Of all signatures of the version together; zeros when nothing was counted.
    func statistics(of id: ServableID) -> InferenceStatistics
}
