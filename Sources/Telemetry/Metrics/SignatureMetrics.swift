import Glibc
import Synchronization

/// Handles to the metrics of one signature of one version, looked up once when the version is loaded.
///
/// What a request touches is counted here, beside the histograms: a call of another module, and a reference that it hands out, would
/// cost more than the counting.
package final class SignatureMetrics: Sendable {
    /// What a request asked for, as far as metrics tell.
    package enum API: Sendable {
        case predict, classify, regress
    }

    /// The parts of one successful call, in nanoseconds.
    package struct Call: Sendable {
        /// From the first byte of the request to its last.
        package var read: Int64
        /// From a whole request to its tensors.
        package var parse: Int64
        /// From there until a lane, or the thread that has read it, took the call.
        package var queue: Int64
        /// Putting the inputs of its batch together.
        package var assemble: Int64
        package var run: Int64
        /// From the outputs to the text of the response.
        package var encode: Int64

        package init(read: Int64, parse: Int64, queue: Int64, assemble: Int64, run: Int64, encode: Int64) {
            self.read = read
            self.parse = parse
            self.queue = queue
            self.assemble = assemble
            self.run = run
            self.encode = encode
        }

        /// Execution with the wait for a batch.
        var runtime: Int64 { queue + assemble + run }
    }

    private let requestSeconds: Histogram
    private let read: Histogram
    private let parse: Histogram
    private let queue: Histogram
    private let assemble: Histogram
    private let run: Histogram
    private let encode: Histogram
    private let write: Histogram
    private let inferenceSeconds: Histogram
    private let batchRows: Histogram
    private let batchPaddingRows: Counter
    private let unsplitBatches: Counter
    private let succeeded: Counter
    private let failureCount = Counter()
    private let failureNanoseconds = Counter()
    private let batchSizes = BatchSizeTable()
    /// Milliseconds since 1970 of the last call that was answered well; 0 when there was none.
    private let lastSuccess = Atomic<Int64>(0)
    private let requests: MetricFamily<Counter>
    private let model: ModelMetrics
    private let batches: BatchMetrics
    private let labels: [String]

    package init(_ metrics: ServingMetrics, _ batches: BatchMetrics, model: String, version: Int64, signature: String) {
        let labels = [model, String(version), signature]
        func stage(_ name: String) -> Histogram { metrics.stageSeconds.cell(labels + [name]) }
        self.labels = labels
        self.batches = batches
        self.model = ModelMetrics(metrics, model: model)
        requestSeconds = metrics.requestSeconds.cell(labels)
        read = stage("read")
        parse = stage("parse")
        queue = stage("queue")
        assemble = stage("assemble")
        run = stage("run")
        encode = stage("encode")
        write = stage("write")
        inferenceSeconds = metrics.inferenceSeconds.cell(labels)
        batchRows = metrics.batchRows.cell(labels)
        batchPaddingRows = metrics.batchPaddingRows.cell(labels)
        unsplitBatches = metrics.unsplitBatches.cell(labels)
        requests = metrics.requests
        succeeded = metrics.requests.cell(labels + ["OK"])
    }

    /// All that was counted since the version was loaded.
    package var totals: SignatureTotals {
        let rows = batchRows.total
        return SignatureTotals(
            success: .init(requestSeconds), failure: .init(count: failureCount.value, nanoseconds: failureNanoseconds.value),
            queue: .init(queue), assembly: .init(assemble), run: .init(run), encode: .init(encode), executionCount: rows.count,
            rowCount: UInt64(max(0, rows.sum)), lastSuccess: lastSuccess.load(ordering: .relaxed), batchSizes: batchSizes.counts)
    }

    /// Whether any batch has run.
    package var hasRun: Bool { !batchRows.snapshot.isEmpty }

    /// A call leaves its queue to be run; each of its inputs has so many rows.
    package func countTask(rowCount: Int, inputCount: Int, waited nanoseconds: Int64) {
        batches.countTask(rowCount: rowCount, inputCount: inputCount, waited: nanoseconds, on: .mine)
    }

    /// A batch has run for so long.
    package func countBatch(rowCount: Int, executedRowCount: Int, nanoseconds: Int64, assemblyNanoseconds: Int64 = 0) {
        let stripe = StripeIndex.mine
        batchSizes.countRun(ofSize: rowCount, assembly: assemblyNanoseconds, run: nanoseconds, on: stripe)
        inferenceSeconds.add(nanoseconds, on: stripe)
        batchRows.add(Int64(rowCount), on: stripe)
        if executedRowCount > rowCount { batchPaddingRows.add(UInt64(executedRowCount - rowCount), on: stripe) }
        batches.countBatch(rowCount: rowCount, executedRowCount: executedRowCount, on: stripe)
    }

    package func countUnsplitBatch() { unsplitBatches.increment() }

    /// A call was answered well, so long after its request was there.
    ///
    /// - Parameters:
    ///   - isGRPC: whether it came over gRPC, and not over REST.
    ///   - call: its parts; nil when they are not known.
    ///   - batchRowCount: rows of the batch that it ran in.
    package func countSuccess(
        _ api: API, isGRPC: Bool = false, nanoseconds: Int64, exampleCount: Int = 0, _ call: Call?, batchRowCount: Int = 1
    ) {
        let stripe = StripeIndex.mine
        noteSuccess()
        succeeded.add(1, on: stripe)
        requestSeconds.add(nanoseconds, on: stripe)
        if let call { count(call, batchRowCount: batchRowCount, on: stripe) }
        model.countSuccess(
            api, isGRPC: isGRPC, nanoseconds: nanoseconds, runtime: call?.runtime, exampleCount: exampleCount, on: stripe)
    }

    @inline(__always)
    private func count(_ call: Call, batchRowCount: Int, on stripe: StripeIndex) {
        read.add(call.read, on: stripe)
        parse.add(call.parse, on: stripe)
        queue.add(call.queue, on: stripe)
        assemble.add(call.assemble, on: stripe)
        run.add(call.run, on: stripe)
        encode.add(call.encode, on: stripe)
        batchSizes.countEncoding(ofSize: batchRowCount, call.encode, on: stripe)
    }

    private func noteSuccess() {
        var now = timespec()
        // The coarse clock costs a few nanoseconds and is exact to a few milliseconds.
        guard clock_gettime(CLOCK_REALTIME_COARSE, &now) == 0 else { return }
        lastSuccess.store(Int64(now.tv_sec) * 1_000 + Int64(now.tv_nsec) / 1_000_000, ordering: .relaxed)
    }

    /// A call by another protocol than REST was answered well; the metrics of its model are the caller's to count.
    package func countSuccess(nanoseconds: Int64, _ call: Call? = nil, batchRowCount: Int = 1) {
        let stripe = StripeIndex.mine
        noteSuccess()
        succeeded.add(1, on: stripe)
        requestSeconds.add(nanoseconds, on: stripe)
        if let call { count(call, batchRowCount: batchRowCount, on: stripe) }
    }

    /// A call has failed: this costs a look-up.
    ///
    /// - Parameters:
    ///   - status: name of the canonical code.
    ///   - nanoseconds: that it took.
    package func countFailure(status: String, nanoseconds: Int64 = 0) {
        failureCount.increment()
        failureNanoseconds.increment(by: UInt64(max(0, nanoseconds)))
        requests.cell(labels + [status]).increment()
        model.countFailure(status: status)
    }

    /// A response has been sent, so long after it was ready.
    package func countWrite(nanoseconds: Int64) { write.observe(nanoseconds) }
}
