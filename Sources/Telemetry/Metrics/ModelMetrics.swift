/// Handles to TensorFlow Serving's metrics of one model's calls, looked up once when a version is loaded.
final class ModelMetrics: Sendable {
    /// Of one API, in nanoseconds.
    private struct Latencies: Sendable {
        let rest: Histogram
        let grpc: Histogram
        let runtime: Histogram

        init(_ metrics: ServingMetrics, _ model: String, _ api: String, runtimeAPI: String) {
            rest = metrics.requestLatency.cell(model, api, "REST")
            grpc = metrics.requestLatency.cell(model, api, "GRPC")
            runtime = metrics.runtimeLatency.cell(model, runtimeAPI, "TF1")
        }
    }

    private let predict: Latencies
    private let classify: Latencies
    private let regress: Latencies
    private let succeeded: Counter
    private let exampleCounts: Histogram
    private let exampleCountTotal: Counter
    private let requestCount: MetricFamily<Counter>
    private let model: String

    init(_ metrics: ServingMetrics, model: String) {
        self.model = model
        predict = Latencies(metrics, model, "predict", runtimeAPI: "Predict")
        classify = Latencies(metrics, model, "classify", runtimeAPI: "Classify")
        regress = Latencies(metrics, model, "regress", runtimeAPI: "Regress")
        requestCount = metrics.requestCount
        succeeded = metrics.requestCount.cell(model, "OK")
        exampleCounts = metrics.requestExampleCounts.cell(model)
        exampleCountTotal = metrics.requestExampleCountTotal.cell(model)
    }

    @inline(__always)
    func countSuccess(
        _ api: SignatureMetrics.API, isGRPC: Bool, nanoseconds: Int64, runtime: Int64?, exampleCount: Int, on stripe: StripeIndex
    ) {
        succeeded.add(1, on: stripe)
        switch api {
        case .predict: count(predict, isGRPC, nanoseconds, runtime, on: stripe)
        case .classify: count(classify, isGRPC, nanoseconds, runtime, on: stripe)
        case .regress: count(regress, isGRPC, nanoseconds, runtime, on: stripe)
        }
        guard exampleCount > 0 else { return }
        exampleCounts.add(Int64(exampleCount), on: stripe)
        exampleCountTotal.add(UInt64(exampleCount), on: stripe)
    }

    @inline(__always)
    private func count(
        _ latencies: borrowing Latencies, _ isGRPC: Bool, _ nanoseconds: Int64, _ runtime: Int64?, on stripe: StripeIndex
    ) {
        (isGRPC ? latencies.grpc : latencies.rest).add(nanoseconds, on: stripe)
        if let runtime { latencies.runtime.add(runtime, on: stripe) }
    }

    func countFailure(status: String) { requestCount.cell(model, status).increment() }
}
