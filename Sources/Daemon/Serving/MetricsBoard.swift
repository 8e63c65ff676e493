package import ModelServing
package import ServableCore
import Synchronization
package import Telemetry

/// Turns what front ends, lanes and loads report into metrics. Handles are looked up once for each signature and kept as long as its
/// version is known.
///
/// The series of a version go some minutes after it was unloaded, so that a scraper has seen the last of them, and those of a model
/// when it is no longer wanted either: what is kept is bounded, however many versions come and go. Safe from every thread.
package final class MetricsBoard: CallObserver, InferenceObserver, LoadObserver {
    private struct Version {
        var signatures: [String: SignatureGauge] = [:]
        /// Where it was loaded from.
        var paths: Set<String> = []
    }

    private struct Tracked {
        /// Versions that have series.
        var versions: [ServableID: Version] = [:]
        /// Models that have, or may have, series.
        var models: Set<String> = []
    }

    /// How long the series of a version stay after its end.
    package static let retention = Duration.seconds(300)

    private let metrics: ServingMetrics
    private let batches: BatchMetrics
    private let board: StatusBoard
    private let now: @Sendable () -> Timestamp
    private let tracked = Mutex(Tracked())

    /// - Parameters:
    ///   - board: of the manager whose versions are served.
    ///   - now: the wall clock that the board's times are of.
    package init(_ metrics: ServingMetrics, _ board: StatusBoard, now: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.metrics = metrics
        batches = BatchMetrics(metrics)
        self.board = board
        self.now = now
    }

    /// Requests that found no signature, and those for facts about a model: the others are their signature's own meter's. Names that
    /// clients have made up have one series together.
    package func finished(_ record: CallRecord, _ outcome: CallOutcome) {
        metrics.count(record, outcome, of: board.lists(record.model) ? record.model : "")
    }

    package func meter(of id: ServableID, signature: String) -> any SignatureMeter { gauge(id, signature) }

    package func warmedUp(path: String, error: ServableError?, nanoseconds: Int64) {
        let status = error.map { "\($0.code.name): \($0.message)" } ?? "OK"
        metrics.modelWarmupLatency.cell(path, status).observe(nanoseconds)
        metrics.modelWarmupRecordsRead.cell(path, status).increment()
    }

    package func finishedLoad(_ report: LoadReport) {
        _ = tracked.withLock { $0.versions[report.id, default: Version()].paths.insert(report.path) }
        let isCancelled = report.error?.code == .cancelled
        let outcome = isCancelled ? "cancelled" : report.error == nil ? "success" : "failure"
        let nanoseconds = Int64(report.duration / .nanoseconds(1))
        metrics.modelLoads.cell(report.id.name, outcome).increment()
        metrics.modelLoadSeconds.cell(outcome).observe(nanoseconds)
        guard !isCancelled else { return }
        metrics.loadAttemptCount.cell(report.path, report.error == nil ? "success" : "fail").increment()
        metrics.loadLatency.cell(report.path).increment(by: UInt64(max(0, nanoseconds / 1_000)))
    }

    // MARK: What is read

    /// Adds what is asked for at each reading.
    ///
    /// - Parameter table: of the same manager as the board.
    package func addReadings(of table: ServableTable) {
        metrics.store.readGauge(
            MetricDescription(
                "apus_model_state", labels: ["model", "version", "state"], help: "1 for the state that a version is in.")
        ) { [self] in
            statuses.map { MetricReading.Sample([$0.id.name, String($0.id.version), $0.state.rawValue], 1) }
        }
        metrics.store.readGauge(
            MetricDescription("apus_model_memory_bytes", labels: ["model", "version"], help: "Memory that a version holds.")
        ) { [self] in
            samples(table) { id, model in [MetricReading.Sample([id.name, String(id.version)], Double(model?.memoryByteCount ?? 0))] }
        }
        metrics.store.readGauge(
            MetricDescription(
                "/tensorflow/serving/mlmd_map", labels: ["model_name", "version"], help: "", dialect: .tensorFlowServing)
        ) { [self] in
            // The original's value is a text, which its exporter prints as 0.
            samples(table) { id, model in
                model?.hasPipelineMetadata == true ? [MetricReading.Sample([id.name, String(id.version)], 0)] : []
            }
        }
        metrics.store.readGauge(
            MetricDescription(
                "apus_queue_depth", labels: ["model", "version", "signature"],
                help: "Rows that wait for a batch, of signatures that have been called.")
        ) { [self] in
            samples(table, queueDepths)
        }
    }

    /// Of all signatures of a version that have been called or loaded.
    func signatureMetrics(of id: ServableID) -> [SignatureMetrics] {
        tracked.withLock { $0.versions[id]?.signatures.values.map(\.signature) ?? [] }
    }

    private func queueDepths(_ id: ServableID, _ model: LoadedModel?) -> [MetricReading.Sample] {
        (model?.queuedRowCounts ?? []).compactMap { signature, rowCount in
            guard rowCount > 0 || hasBeenCalled(id, signature) else { return nil }
            return MetricReading.Sample([id.name, String(id.version), signature], Double(rowCount))
        }
    }

    private func hasBeenCalled(_ id: ServableID, _ signature: String) -> Bool {
        let gauge = tracked.withLock { $0.versions[id]?.signatures[signature] }
        return gauge?.signature.hasRun ?? false
    }

    /// Versions that live or ended a short while ago.
    private var statuses: [ServableStatus] {
        board.modelNames.flatMap { board.statuses(of: $0).filter { !isExpired($0) } }
    }

    /// The samples of every version; the model is nil for one that is not available.
    private func samples(
        _ table: ServableTable, _ body: (ServableID, LoadedModel?) -> [MetricReading.Sample]
    ) -> [MetricReading.Sample] {
        statuses.flatMap { status -> [MetricReading.Sample] in
            guard status.state == .available else { return body(status.id, nil) }
            do {
                let handle = try table.handle(status.id.name, .version(status.id.version))
                // The model's last reference is to be the handle's.
                defer { withExtendedLifetime(handle) {} }
                return body(status.id, handle.servable as? LoadedModel)
            } catch {
                return body(status.id, nil)  // It has gone since.
            }
        }
    }

    // MARK: What goes

    /// Drops the series of what is long gone; to be called before each reading.
    package func removeExpired() { tracked.withLock { removeExpired(&$0) } }

    private func gauge(_ id: ServableID, _ signature: String) -> SignatureGauge {
        tracked.withLock { tracked in
            if let gauge = tracked.versions[id]?.signatures[signature] { return gauge }
            // Versions that come make room by those that went, also when nobody reads.
            removeExpired(&tracked)
            let made = SignatureGauge(metrics, batches, id, signature: signature)
            tracked.versions[id, default: Version()].signatures[signature] = made
            return made
        }
    }

    private func removeExpired(_ tracked: inout Tracked) {
        let versions = tracked.versions.filter { board.status(of: $0.key).map(isExpired) ?? true }
        if !versions.isEmpty {
            for id in versions.keys { tracked.versions[id] = nil }
            let gone = Set(versions.keys.map { [$0.name, String($0.version)] })
            metrics.removeVersions { gone.contains([$0, $1]) }
            // Another model, or another version, may have been loaded from the same place.
            let paths = versions.values.reduce(into: Set<String>()) { $0.formUnion($1.paths) }
                .subtracting(tracked.versions.values.flatMap(\.paths))
            metrics.removePaths(where: paths.contains)
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
