import Glibc

/// What a benchmark measured; durations are of single runs.
struct BenchmarkReport: Encodable {
    let model: String
    let batch: Int
    let lanes: Int
    let isa: String
    let runs: Int
    let minMilliseconds: Double
    let medianMilliseconds: Double
    let p90Milliseconds: Double
    let p99Milliseconds: Double
    let itemsPerSecond: Double
    let loadMilliseconds: Double
    let peakResidentByteCount: Int
    /// Nil, and left out of JSON, where steps were not timed.
    let profile: ProfileReport?
    private let latencies: LatencyHistogram
    private let wasInterrupted: Bool

    enum CodingKeys: String, CodingKey {
        case model, batch, lanes, isa, runs, profile
        case minMilliseconds = "min_ms"
        case medianMilliseconds = "median_ms"
        case p90Milliseconds = "p90_ms"
        case p99Milliseconds = "p99_ms"
        case itemsPerSecond = "items_per_s"
        case loadMilliseconds = "load_ms"
        case peakResidentByteCount = "peak_rss_bytes"
    }

    init(
        model: String, batch: Int, lanes: Int, isa: String, latencies: LatencyHistogram, elapsed: Duration, loadDuration: Duration,
        profile: ProfileReport?, wasInterrupted: Bool
    ) {
        self.model = model
        self.batch = batch
        self.lanes = lanes
        self.isa = isa
        self.latencies = latencies
        self.profile = profile
        self.wasInterrupted = wasInterrupted
        runs = latencies.count
        minMilliseconds = runs == 0 ? 0 : Double(latencies.minimum) / 1e6
        medianMilliseconds = latencies.quantile(0.5) / 1e6
        p90Milliseconds = latencies.quantile(0.9) / 1e6
        p99Milliseconds = latencies.quantile(0.99) / 1e6
        itemsPerSecond = Double(runs) * Double(batch) / max(elapsed.milliseconds / 1_000, 1e-9)
        loadMilliseconds = loadDuration.milliseconds
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        peakResidentByteCount = usage.ru_maxrss * 1_024
    }

    func text(showsHistogram: Bool) -> String {
        var lines = ["\(model): batch \(batch), \(HumanText.plural(lanes, "lane")), \(isa)"]
        lines += LatencyText.lines(latencies, of: "run")
        lines.append("rate      \(HumanText.rate(itemsPerSecond)) (\(batch == 1 ? "runs" : "rows"))")
        lines.append(
            "load      \(HumanText.duration(loadMilliseconds * 1e6)), peak memory \(HumanText.bytes(peakResidentByteCount))")
        if showsHistogram { lines += LatencyText.histogram(latencies) }
        if let profile { lines += profile.lines }
        if wasInterrupted { lines.append("interrupted: the figures are of the time until then") }
        return lines.joined(separator: "\n")
    }
}
