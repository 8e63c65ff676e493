import ModelServing
import RESTFrontend
import ServableCore
import Synchronization
import Telemetry

/// Turns what front ends and lanes report into metrics. Handles are looked up once for each signature and kept.
final class MetricsBoard: RequestObserver, InferenceObserver {
    private struct Key: Hashable {
        let id: ServableID
        let signature: String
    }

    private let metrics: ServingMetrics
    private let known = Mutex<[Key: SignatureGauge]>([:])

    init(_ metrics: ServingMetrics) { self.metrics = metrics }

    func finished(_ request: FinishedRequest) {
        guard let version = request.version, let signature = request.signature else { return count(request) }
        let meter = gauge(ServableID(name: request.model, version: version), signature)
        guard request.status == .ok else {
            meter.signature.countRequest(status: request.status.name)
            return count(request)
        }
        meter.answeredREST(nanoseconds: request.nanoseconds)
    }

    /// Requests that found no version, or failed, and those that ask about a model.
    private func count(_ request: FinishedRequest) {
        metrics.requestCount.cell(request.model, request.status.name).increment()
        guard request.status == .ok else { return }
        metrics.requestLatency.cell(request.model, request.api.description, request.entrypoint.description)
            .observe(Double(request.nanoseconds) / 1e3)
    }

    func meter(of id: ServableID, signature: String) -> any SignatureMeter { gauge(id, signature) }

    /// Brings the gauges of versions up to date, when somebody reads them.
    func readStates(of manager: ServableManager) {
        for model in manager.board.modelNames {
            for status in manager.board.statuses(of: model) { read(status, manager.table) }
        }
    }

    private func read(_ status: ServableStatus, _ table: ServableTable) {
        let labels = [status.id.name, String(status.id.version)]
        for state in ServableState.allCases {
            metrics.modelState.cell(labels + [state.rawValue]).set(state == status.state ? 1 : 0)
        }
        let model = loadedModel(status.id, table)
        metrics.modelMemory.cell(labels).set(Int64(model?.memoryByteCount ?? 0))
        for (signature, rowCount) in model?.queuedRowCounts ?? [] {
            gauge(status.id, signature).signature.queueDepth.set(Int64(rowCount))
        }
    }

    private func loadedModel(_ id: ServableID, _ table: ServableTable) -> LoadedModel? {
        do {
            return try table.handle(id.name, .version(id.version)).servable as? LoadedModel
        } catch {
            return nil  // Not in the table: it is not available, which its state says.
        }
    }

    private func gauge(_ id: ServableID, _ signature: String) -> SignatureGauge {
        let key = Key(id: id, signature: signature)
        return known.withLock { known in
            if let gauge = known[key] { return gauge }
            let made = SignatureGauge(metrics, id, signature: signature)
            known[key] = made
            return made
        }
    }
}

/// The metrics that a request to one signature touches.
private final class SignatureGauge: SignatureMeter {
    let signature: SignatureMetrics
    private let succeeded: Counter
    private let latency: Histogram
    private let batchRuns: Counter

    init(_ metrics: ServingMetrics, _ id: ServableID, signature: String) {
        self.signature = SignatureMetrics(metrics, model: id.name, version: id.version, signature: signature)
        succeeded = metrics.requestCount.cell(id.name, StatusCode.ok.name)
        latency = metrics.requestLatency.cell(id.name, "predict", "REST")
        batchRuns = metrics.batchRunCount.cell()
    }

    func ran(rowCount: Int, nanoseconds: Int64) {
        signature.inferenceSeconds.observe(Double(nanoseconds) / 1e9)
        signature.batchRows.observe(Double(rowCount))
        batchRuns.increment()
    }

    func answeredREST(nanoseconds: Int64) {
        signature.countSuccess()
        succeeded.increment()
        latency.observe(Double(nanoseconds) / 1e3)
        signature.requestSeconds.observe(Double(nanoseconds) / 1e9)
    }
}
