/// What a signature's metrics come to since its version was loaded; durations are sums in nanoseconds.
package struct SignatureTotals: Sendable {
    /// A number of things and the time that they took together.
    package struct Total: Sendable, Equatable {
        package var count: UInt64
        package var nanoseconds: UInt64

        package init(count: UInt64 = 0, nanoseconds: UInt64 = 0) {
            self.count = count
            self.nanoseconds = nanoseconds
        }

        init(_ histogram: Histogram) {
            let (count, sum) = histogram.total
            self.init(count: count, nanoseconds: UInt64(max(0, sum)))
        }
    }

    /// Calls that were answered well, from the whole request to the response.
    package var success: Total
    package var failure: Total
    package var queue: Total
    package var assembly: Total
    package var run: Total
    package var encode: Total
    /// Runs of batches, and the rows in them without padding.
    package var executionCount: UInt64
    package var rowCount: UInt64
    /// Milliseconds since 1970 of the last call that was answered well; 0 when there was none.
    package var lastSuccess: Int64
    package var batchSizes: [BatchSizeCount]
}
