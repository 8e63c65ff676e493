/// Handles to TensorFlow Serving's metrics of batches, which are those of all models together.
package final class BatchMetrics: Sendable {
    /// In nanoseconds.
    private let queuingLatency: Histogram
    private let inputSize: Histogram
    private let processedSize: Histogram
    private let runCount: Counter
    private let paddingSize: MetricFamily<Histogram>
    /// By executed size; larger batches cost enough for a look-up not to matter.
    private let commonPadding: [Histogram]

    private static let commonSizeLimit = 128

    package init(_ metrics: ServingMetrics) {
        queuingLatency = metrics.batchQueuingLatency.cell("")
        inputSize = metrics.batchInputSize.cell()
        processedSize = metrics.batchProcessedSize.cell()
        runCount = metrics.batchRunCount.cell()
        paddingSize = metrics.batchPaddingSize
        commonPadding = (0..<Self.commonSizeLimit).map { metrics.batchPaddingSize.cell(String($0)) }
    }

    /// A request leaves its queue to be run.
    ///
    /// - Parameters:
    ///   - rowCount: of each of its inputs.
    ///   - nanoseconds: that it has waited.
    func countTask(rowCount: Int, inputCount: Int, waited nanoseconds: Int64, on stripe: StripeIndex) {
        queuingLatency.add(nanoseconds, on: stripe)
        for _ in 0..<inputCount { inputSize.add(Int64(rowCount), on: stripe) }
    }

    /// A batch has run.
    func countBatch(rowCount: Int, executedRowCount: Int, on stripe: StripeIndex) {
        runCount.add(1, on: stripe)
        processedSize.add(Int64(executedRowCount), on: stripe)
        let isCommon = executedRowCount >= 0 && executedRowCount < Self.commonSizeLimit
        let padding = isCommon ? commonPadding[executedRowCount] : paddingSize.cell(String(executedRowCount))
        padding.add(Int64(executedRowCount - rowCount), on: stripe)
    }
}
