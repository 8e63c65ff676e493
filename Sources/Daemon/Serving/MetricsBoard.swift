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
    private let signatures = Mutex<[Key: SignatureMetrics]>([:])

    init(_ metrics: ServingMetrics) { self.metrics = metrics }

    func finished(_ request: FinishedRequest) {
        metrics.requestCount.cell(request.model, request.status.name).increment()
        let isSuccess = request.status == .ok
        if isSuccess {
            metrics.requestLatency.cell(request.model, request.api.description, request.entrypoint.description)
                .observe(request.latency.seconds * 1e6)
        }
        guard let version = request.version, let signature = request.signature else { return }
        let handles = handles(ServableID(name: request.model, version: version), signature)
        handles.countRequest(status: request.status.name)
        if isSuccess { handles.requestSeconds.observe(request.latency.seconds) }
    }

    func ran(_ id: ServableID, signature: String, rowCount: Int, duration: Duration) {
        let handles = handles(id, signature)
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
            handles(status.id, signature).queueDepth.set(Int64(rowCount))
        }
    }

    private func loadedModel(_ id: ServableID, _ table: ServableTable) -> LoadedModel? {
        do {
            return try table.handle(id.name, .version(id.version)).servable as? LoadedModel
        } catch {
            return nil  // Not in the table: it is not available, which its state says.
        }
    }

    private func handles(_ id: ServableID, _ signature: String) -> SignatureMetrics {
        let key = Key(id: id, signature: signature)
        return signatures.withLock { known in
            if let handles = known[key] { return handles }
            let made = SignatureMetrics(metrics, model: id.name, version: id.version, signature: signature)
            known[key] = made
            return made
        }
    }
}

extension Duration {
    var seconds: Double { self / .seconds(1) }
}
