package import ModelServing
package import ServableCore
import Synchronization
package import Telemetry

/// Turns what front ends and lanes report into metrics. Handles are looked up once for each signature and kept as long as its
/// version is known.
///
/// The series of a version go some minutes after it was unloaded, so that a scraper has seen the last of them, and those of a model
/// when it is no longer wanted either: what is kept is bounded, however many versions come and go. Safe from every thread.
package final class MetricsBoard: CallObserver, InferenceObserver, LoadObserver {
    private struct Tracked {
        /// Versions that have series, and their signatures.
        var versions: [ServableID: [String: SignatureGauge]] = [:]
        /// Models that have, or may have, series.
        var models: Set<String> = []
    }

    /// How long the series of a version stay after its end.
    package static let retention = Duration.seconds(300)

    private let metrics: ServingMetrics
    private let board: StatusBoard
    private let now: @Sendable () -> Timestamp
    private let tracked = Mutex(Tracked())

    /// - Parameters:
    ///   - board: of the manager whose versions are served.
    ///   - now: the wall clock that the board's times are of.
    package init(_ metrics: ServingMetrics, _ board: StatusBoard, now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.metrics = metrics
        self.board = board
        self.now = now
    }

    /// Requests that found no signature, and those for facts about a model: the others are their signature's own meter's.
    package func finished(_ record: CallRecord, _ outcome: CallOutcome) { metrics.count(record, outcome, of: record.model) }

    package func meter(of id: ServableID, signature: String) -> any SignatureMeter { gauge(id, signature) }

    package func finishedLoad(_ report: LoadReport) {
        metrics.modelLoads.cell(report.id.name, report.error == nil ? "success" : "failure").increment()
        metrics.modelLoadSeconds.cell(report.id.name).observe(report.duration / .seconds(1))
    }

    /// Brings the gauges of versions up to date, when somebody reads them.
    package func readStates(_ table: ServableTable) {
        tracked.withLock { removeExpired(&$0) }
        for name in board.modelNames {
            for status in board.statuses(of: name) where !isExpired(status) { read(status, table) }
        }
    }

    private func read(_ status: ServableStatus, _ table: ServableTable) {
        let labels = [status.id.name, String(status.id.version)]
        tracked.withLock { if $0.versions[status.id] == nil { $0.versions[status.id] = [:] } }
        for state in ServableState.allCases {
            metrics.modelState.cell(labels + [state.rawValue]).set(state == status.state ? 1 : 0)
        }
        let handle = handle(of: status.id, table)
        defer { withExtendedLifetime(handle) {} }
        let model = handle?.servable as? LoadedModel
        metrics.modelMemory.cell(labels).set(Int64(model?.memoryByteCount ?? 0))
        for (signature, rowCount) in model?.queuedRowCounts ?? [] {
            gauge(status.id, signature).signature.queueDepth.set(Int64(rowCount))
        }
    }

    private func handle(of id: ServableID, _ table: ServableTable) -> ServableHandle? {
        do {
            return try table.handle(id.name, .version(id.version))
        } catch {
            return nil  // Not in the table: it is not available, which its state says.
        }
    }

    private func gauge(_ id: ServableID, _ signature: String) -> SignatureGauge {
        tracked.withLock { tracked in
            if let gauge = tracked.versions[id]?[signature] { return gauge }
            // Versions that come make room by those that went, also when nobody reads.
            removeExpired(&tracked)
            let made = SignatureGauge(metrics, id, signature: signature)
            tracked.versions[id, default: [:]][signature] = made
            return made
        }
    }

    private func removeExpired(_ tracked: inout Tracked) {
        let versions = tracked.versions.keys.filter { board.status(of: $0).map(isExpired) ?? true }
        if !versions.isEmpty {
            for id in versions { tracked.versions[id] = nil }
            let gone = Set(versions.map { [$0.name, String($0.version)] })
            metrics.removeVersions { gone.contains([$0, $1]) }
        }
        let present = Set(board.modelNames).filter { board.isWanted($0) || !board.statuses(of: $0).allSatisfy(isExpired) }
        let models = tracked.models.subtracting(present)
        if !models.isEmpty { metrics.removeModels(where: models.contains) }
        tracked.models = present
    }

    /// Whether the version ended long ago and is not wanted back: one that failed is, as long as its model is wanted.
    private func isExpired(_ status: ServableStatus) -> Bool {
        guard status.state == .end, now().elapsed(since: status.since) >= Self.retention else { return false }
        return status.error == nil || !board.isWanted(status.id.name)
    }
}

extension ServingMetrics {
    /// Counts a request by its model alone.
    fileprivate func count(_ record: CallRecord, _ outcome: CallOutcome, of model: String) {
        requestCount.cell(model, outcome.status.name).increment()
        guard outcome.status == .ok else { return }
        requestLatency.cell(model, record.api.rawValue, record.entrypoint.rawValue)
            .observe(Double(outcome.nanoseconds) / 1e3)
    }
}

/// The metrics that a request to one signature touches.
private final class SignatureGauge: SignatureMeter {
    let signature: SignatureMetrics
    private let metrics: ServingMetrics
    private let model: String
    private let succeeded: Counter
    private let latency: Histogram
    private let batchRuns: Counter

    init(_ metrics: ServingMetrics, _ id: ServableID, signature: String) {
        self.metrics = metrics
        model = id.name
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

    func failedToSplit() { signature.unsplitBatches.increment() }

    func finished(_ record: CallRecord, _ outcome: CallOutcome) {
        guard outcome.status == .ok else {
            signature.countRequest(status: outcome.status.name)
            return metrics.count(record, outcome, of: model)
        }
        signature.countSuccess()
        signature.requestSeconds.observe(Double(outcome.nanoseconds) / 1e9)
        guard case .rest = record.entrypoint, case .predict = record.api else { return metrics.count(record, outcome, of: model) }
        succeeded.increment()
        latency.observe(Double(outcome.nanoseconds) / 1e3)
    }
}
