/// Handles to the metrics of one signature of one version, looked up once when the version is loaded.
package struct SignatureMetrics: Sendable {
    package let requestSeconds: Histogram
    package let inferenceSeconds: Histogram
    package let batchRows: Histogram
    package let queueDepth: Gauge
    package let unsplitBatches: Counter

    private let succeeded: Counter
    private let requests: MetricFamily<Counter>
    private let labels: [String]

    package init(_ metrics: ServingMetrics, model: String, version: Int64, signature: String) {
        labels = [model, String(version), signature]
        requestSeconds = metrics.requestSeconds.cell(labels)
        inferenceSeconds = metrics.inferenceSeconds.cell(labels)
        batchRows = metrics.batchRows.cell(labels)
        queueDepth = metrics.queueDepth.cell(labels)
        unsplitBatches = metrics.unsplitBatches.cell(labels)
        requests = metrics.requests
        succeeded = metrics.requests.cell(labels + ["OK"])
    }

    /// Counts a request that was answered well.
    package func countSuccess() { succeeded.increment() }

    /// Counts a finished request; only failures cost a look-up.
    /// - Parameter status: name of the canonical code.
    package func countRequest(status: String) {
        guard status != "OK" else { return countSuccess() }
        requests.cell(labels + [status]).increment()
    }
}
