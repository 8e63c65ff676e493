/// A batching parameter that cannot be honoured.
package enum BatchPolicyError: Error, Sendable, Equatable {
    case maxBatchSizeNotPositive(Int)
    case timeoutOutOfRange(Duration)
    case targetLatencyOutOfRange(Duration, timeout: Duration)
    case maxQueuedBatchesNegative(Int)
    case allowedSizeNotPositive(Int)
    case allowedSizesNotAscending(previous: Int, next: Int)
    case lastAllowedSizeMismatch(last: Int, maxBatchSize: Int)
}

extension BatchPolicyError: CustomStringConvertible {
    /// Text for the operator; the last one is TensorFlow Serving's, because clients match on it.
    package var description: String {
        switch self {
        case .maxBatchSizeNotPositive(let found):
            "max_batch_size is \(found); expected at least 1"
        case .timeoutOutOfRange(let found):
            "batch timeout is \(microseconds(found)) us; expected 0 to \(microseconds(BatchPolicy.maximumTimeout)) us"
        case .targetLatencyOutOfRange(let found, let timeout):
            "the target latency is \(microseconds(found)) us; expected more than the batch timeout, \(microseconds(timeout)) us, and at most "
                + "\(microseconds(BatchPolicy.maximumTimeout)) us"
        case .maxQueuedBatchesNegative(let found):
            "max_queued_batches is \(found); expected at least 0"
        case .allowedSizeNotPositive(let found):
            "allowed_batch_sizes has the entry \(found); expected entries of at least 1"
        case .allowedSizesNotAscending(let previous, let next):
            "allowed_batch_sizes has \(next) after \(previous); expected strictly ascending entries"
        case .lastAllowedSizeMismatch(let last, let maxBatchSize):
            "Last entry in allowed_batch_sizes must match max_batch_size; last entry was \(last); expected \(maxBatchSize)"
        }
    }

    private func microseconds(_ duration: Duration) -> Int128 { duration.attoseconds / 1_000_000_000_000 }
}
