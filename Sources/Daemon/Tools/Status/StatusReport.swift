/// A running daemon as `apus status` shows it: two readings, and what happened between them.
struct StatusReport: Encodable {
    struct Row: Encodable {
        let model: String
        let version: Int64?
        let state: String
        let labels: [String]
        let memoryByteCount: Int?
        let queuedRows: Int?
        let requests: Int?
        let requestsPerSecond: Double?
        let failuresPerSecond: Double?
        let medianMilliseconds: Double?
        let p99Milliseconds: Double?
        /// Why it is not served, or what is amiss.
        let problem: String?

        enum CodingKeys: String, CodingKey {
            case model, version, state, labels, requests, problem
            case memoryByteCount = "memory_bytes"
            case queuedRows = "queued_rows"
            case requestsPerSecond = "requests_per_s"
            case failuresPerSecond = "failures_per_s"
            case medianMilliseconds = "median_ms"
            case p99Milliseconds = "p99_ms"
        }
    }

    let url: String
    let version: String?
    let readiness: String
    let reasons: [String]
    let uptimeSeconds: Double?
    let residentByteCount: Int?
    let modelByteCount: Int?
    let budgetByteCount: Int?
    let lanes: Int?
    let busyLanes: Int?
    let requestsInFlight: Int?
    let connections: Int?
    let rows: [Row]
    let offersMetrics: Bool

    enum CodingKeys: String, CodingKey {
        case url, version, readiness, reasons, lanes, connections
        case uptimeSeconds = "uptime_s"
        case residentByteCount = "resident_bytes"
        case modelByteCount = "model_bytes"
        case budgetByteCount = "budget_bytes"
        case busyLanes = "busy_lanes"
        case requestsInFlight = "requests_in_flight"
        case rows = "models"
        case offersMetrics = "metrics"
    }

    /// - Parameters:
    ///   - earlier: a reading some time before, for what happens in a second.
    ///   - isRecent: whether latencies are of the requests since then alone, or of all.
    ///   - now: seconds since 1970.
    init(_ address: DaemonAddress, _ reading: DaemonReading, since earlier: DaemonReading, isRecent: Bool, now: Double) {
        let metrics = reading.metrics
        func count(_ name: String) -> Int? { metrics?.value(name).flatMap { Int(exactly: $0.rounded()) } }
        url = address.text
        version = metrics?["apus_build_info"].first?.labels["version"]
        readiness = reading.readiness
        reasons = reading.reasons
        uptimeSeconds = metrics?.value("process_start_time_seconds").map { max(0, now - $0) }
        residentByteCount = count("process_resident_memory_bytes")
        modelByteCount = count("apus_memory_used_bytes")
        budgetByteCount = count("apus_memory_budget_bytes")
        lanes = count("apus_lanes")
        busyLanes = count("apus_lanes_busy")
        requestsInFlight = count("apus_requests_in_flight")
        connections = count("apus_connections_open")
        offersMetrics = metrics != nil
        let seconds = (reading.instant - earlier.instant).nanoseconds / 1e9
        let figures = metrics.map { VersionFigures.all($0) } ?? [:]
        let before = earlier.metrics.map { VersionFigures.all($0) } ?? [:]
        rows = reading.models.flatMap { model in
            Self.rows(model) { version in
                let key = VersionFigures.Key(model: model.name, version: version)
                guard metrics != nil else { return nil }
                let all = figures[key] ?? VersionFigures()
                return (all, all.subtracting(before[key] ?? VersionFigures()))
            } row: { (all, recent) in
                (seconds, isRecent ? recent.latencies : all.latencies)
            }
        }
    }

    private static func rows(
        _ model: DaemonReading.ModelList.Model, _ figures: (Int64) -> (all: VersionFigures, recent: VersionFigures)?,
        row: (VersionFigures, VersionFigures) -> (seconds: Double, latencies: BucketCounts)
    ) -> [Row] {
        guard !model.versions.isEmpty else {
            return [
                Row(
                    model: model.name, version: nil, state: "ABSENT", labels: [], memoryByteCount: nil, queuedRows: nil, requests: nil,
                    requestsPerSecond: nil, failuresPerSecond: nil, medianMilliseconds: nil, p99Milliseconds: nil, problem: model.problem)
            ]
        }
        return model.versions.map { version in
            let found = figures(version.version)
            let shown = found.map { row($0.all, $0.recent) }
            return Row(
                model: model.name, version: version.version, state: version.state,
                labels: model.labels.filter { $0.value == version.version }.map(\.key).sorted(),
                memoryByteCount: found?.all.memoryByteCount, queuedRows: found?.all.queuedRows, requests: found?.all.requests,
                requestsPerSecond: found.flatMap { figures in shown.map { Double(figures.recent.requests) / max($0.seconds, 1e-9) } },
                failuresPerSecond: found.flatMap { figures in shown.map { Double(figures.recent.failures) / max($0.seconds, 1e-9) } },
                medianMilliseconds: shown?.latencies.quantile(0.5).map { $0 * 1_000 },
                p99Milliseconds: shown?.latencies.quantile(0.99).map { $0 * 1_000 },
                problem: version.error ?? version.notice ?? model.problem)
        }
    }
}

/// What the metrics say of one version.
struct VersionFigures: Sendable {
    struct Key: Hashable {
        let model: String
        let version: Int64
    }

    var requests = 0
    var failures = 0
    var memoryByteCount: Int?
    var queuedRows: Int?
    var latencies = BucketCounts()

    func subtracting(_ earlier: VersionFigures) -> VersionFigures {
        var difference = self
        difference.requests = max(0, requests - earlier.requests)
        difference.failures = max(0, failures - earlier.failures)
        difference.latencies = latencies.subtracting(earlier.latencies)
        return difference
    }

    static func all(_ metrics: PrometheusSamples) -> [Key: VersionFigures] {
        var figures: [Key: VersionFigures] = [:]
        func each(_ name: String, _ body: (inout VersionFigures, PrometheusSamples.Sample) -> Void) {
            for sample in metrics[name] {
                guard let model = sample.labels["model"], let version = sample.labels["version"].flatMap({ Int64($0) }) else { continue }
                body(&figures[Key(model: model, version: version), default: VersionFigures()], sample)
            }
        }
        each("apus_requests_total") { figures, sample in
            let count = Int(exactly: sample.value.rounded()) ?? 0
            figures.requests += count
            if sample.labels["status"] != "OK" { figures.failures += count }
        }
        each("apus_request_seconds_bucket") { $0.latencies.add($1) }
        each("apus_model_memory_bytes") { $0.memoryByteCount = Int(exactly: $1.value.rounded()) }
        each("apus_queue_depth") { $0.queuedRows = ($0.queuedRows ?? 0) + (Int(exactly: $1.value.rounded()) ?? 0) }
        return figures
    }
}
