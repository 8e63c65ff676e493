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

    /// What a successful request touches.
    private struct Handles {
        let signature: SignatureMetrics
        let succeeded: Counter
        let latency: Histogram
    }

    private let metrics: ServingMetrics
    private let known = Mutex<[Key: Handles]>([:])

    init(_ metrics: ServingMetrics) { self.metrics = metrics }

    func finished(_ request: FinishedRequest) {
        guard let version = request.version, let signature = request.signature else { return count(request) }
        let handles = handles(ServableID(name: request.model, version: version), signature)
        handles.signature.countRequest(status: request.status.name)
        guard request.status == .ok else { return count(request) }
        let seconds = request.latency.seconds
        handles.succeeded.increment()
        handles.latency.observe(seconds * 1e6)
        handles.signature.requestSeconds.observe(seconds)
    }

    /// Requests that found no version, or failed, and those that ask about a model.
    private func count(_ request: FinishedRequest) {
        metrics.requestCount.cell(request.model, request.status.name).increment()
        guard request.status == .ok else { return }
        metrics.requestLatency.cell(request.model, request.api.description, request.entrypoint.description)
            .observe(request.latency.seconds * 1e6)
    }

    func ran(_ id: ServableID, signature: String, rowCount: Int, duration: Duration) {
        let handles = handles(id, signature).signature
        handles.inferenceSeconds.observe(duration.seconds)
        handles.batchRows.observe(Double(rowCount))
        metrics.batchRunCount.cell().increment()
    }

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
            handles(status.id, signature).signature.queueDepth.set(Int64(rowCount))
        }
    }

    private func loadedModel(_ id: ServableID, _ table: ServableTable) -> LoadedModel? {
        do {
            return try table.handle(id.name, .version(id.version)).servable as? LoadedModel
        } catch {
            return nil  // Not in the table: it is not available, which its state says.
        }
    }

    private func handles(_ id: ServableID, _ signature: String) -> Handles {
        let key = Key(id: id, signature: signature)
        return known.withLock { known in
            if let handles = known[key] { return handles }
            let made = Handles(
                signature: SignatureMetrics(metrics, model: id.name, version: id.version, signature: signature),
                succeeded: metrics.requestCount.cell(id.name, StatusCode.ok.name),
                latency: metrics.requestLatency.cell(id.name, "predict", "REST"))
            known[key] = made
            return made
        }
    }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}
