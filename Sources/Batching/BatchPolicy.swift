/// How tasks of one queue are grouped: TensorFlow Serving's batching parameters, validated.
package struct BatchPolicy: Sendable, Equatable {
    /// Most rows in one batch, ≥ 1.
    package let maxBatchSize: Int

    /// How long the oldest task may wait for company. Zero: whatever is queued runs as soon as a worker is free.
    package let timeout: Duration

    /// What the slowest requests may take, from their submission to their result; nil: batches are as large as they may be.
    package let targetLatency: Duration?

    /// Row counts that are executed, ascending, the last equal to `maxBatchSize`; empty: the default buckets.
    package let allowedSizes: [Int]

    /// Bound of the queue, in full batches, ≥ 1.
    package let maxQueuedBatches: Int

    /// Whether a task larger than `maxBatchSize` runs alone instead of being refused.
    package let allowsOversize: Bool

    /// Row counts that full and partial batches are padded to, ascending; the last is `maxBatchSize`.
    package let executionSizes: [Int]

    /// Longest accepted `timeout`; a longer one is a unit mistake.
    package static let maximumTimeout = Duration.seconds(3600)

    /// The policy of a model whose configuration says nothing about batching.
    package static let standard = BatchPolicy(
        validMaxBatchSize: 64, timeout: .zero, allowedSizes: [], maxQueuedBatches: 100, targetLatency: nil, allowsOversize: true
    )

    /// - Parameter maxQueuedBatches: 0 means 1, as in TensorFlow Serving.
    package init(
        maxBatchSize: Int, timeout: Duration = .zero, allowedSizes: [Int] = [], maxQueuedBatches: Int = 100,
        targetLatency: Duration? = nil, allowsOversize: Bool = true
    ) throws(BatchPolicyError) {
        guard maxBatchSize >= 1 else { throw .maxBatchSizeNotPositive(maxBatchSize) }
        guard timeout >= .zero, timeout <= Self.maximumTimeout else { throw .timeoutOutOfRange(timeout) }
        if let targetLatency, targetLatency <= timeout || targetLatency > Self.maximumTimeout {
            throw .targetLatencyOutOfRange(targetLatency, timeout: timeout)
        }
        guard maxQueuedBatches >= 0 else { throw .maxQueuedBatchesNegative(maxQueuedBatches) }
        try Self.validate(allowedSizes: allowedSizes, maxBatchSize: maxBatchSize)
        self.init(
            validMaxBatchSize: maxBatchSize, timeout: timeout, allowedSizes: allowedSizes,
            maxQueuedBatches: max(1, maxQueuedBatches), targetLatency: targetLatency, allowsOversize: allowsOversize
        )
    }

    private init(
        validMaxBatchSize: Int, timeout: Duration, allowedSizes: [Int], maxQueuedBatches: Int, targetLatency: Duration?,
        allowsOversize: Bool
    ) {
        self.maxBatchSize = validMaxBatchSize
        self.timeout = timeout
        self.allowedSizes = allowedSizes
        self.maxQueuedBatches = maxQueuedBatches
        self.targetLatency = targetLatency
        self.allowsOversize = allowsOversize
        self.executionSizes = allowedSizes.isEmpty ? Self.defaultBuckets(upTo: validMaxBatchSize) : allowedSizes
    }

    /// Most rows that wait in the queue.
    ///
    /// TensorFlow Serving counts batches: a queue holds at most `maxQueuedBatches`, each of at most `maxBatchSize` rows, and
    /// a batch is closed early when the next task does not fit. Counting rows bounds the same work, accepts every task
    /// that counting batches accepts, and does not depend on how tasks of odd sizes happen to fall into batches.
    package var maxQueuedRows: Int {
        let (rows, overflow) = maxBatchSize.multipliedReportingOverflow(by: maxQueuedBatches)
        return overflow ? .max : rows
    }

    /// Rows that are executed for a batch of `rows`: the next execution size, or `rows` when it is 0 or above the largest.
    package func paddedRowCount(for rows: Int) -> Int {
        guard rows > 0, rows <= maxBatchSize else { return rows }
        var low = 0
        var high = executionSizes.count - 1
        while low < high {
            let middle = (low + high) / 2
            if executionSizes[middle] < rows { low = middle + 1 } else { high = middle }
        }
        return executionSizes[low]
    }

    /// 1, 2, 3, 4, 6, 8, 12, 16, 24, … and `maximum`: padding stays below half of the rows and few plans are needed.
    static func defaultBuckets(upTo maximum: Int) -> [Int] {
        var buckets: [Int] = []
        var power = 1
        while power < maximum {
            buckets.append(power)
            let between = power / 2 * 3
            if power >= 2, between < maximum { buckets.append(between) }
            guard power <= Int.max / 4 else { break }
            power *= 2
        }
        return buckets + [maximum]
    }

    private static func validate(allowedSizes: [Int], maxBatchSize: Int) throws(BatchPolicyError) {
        guard let last = allowedSizes.last else { return }
        var previous = 0
        for size in allowedSizes {
            guard size >= 1 else { throw .allowedSizeNotPositive(size) }
            guard size > previous else { throw .allowedSizesNotAscending(previous: previous, next: size) }
            previous = size
        }
        guard last == maxBatchSize else { throw .lastAllowedSizeMismatch(last: last, maxBatchSize: maxBatchSize) }
    }
}
