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

    enum CodingKeys: String, CodingKey {
        case model, batch, lanes, isa, runs
        case minMilliseconds = "min_ms"
        case medianMilliseconds = "median_ms"
        case p90Milliseconds = "p90_ms"
        case p99Milliseconds = "p99_ms"
        case itemsPerSecond = "items_per_s"
        case loadMilliseconds = "load_ms"
        case peakResidentByteCount = "peak_rss_bytes"
    }

    /// - Parameter durations: ascending.
    init(
        model: String, batch: Int, lanes: Int, isa: String, durations: [Duration], elapsed: Duration, loadDuration: Duration
    ) {
        self.model = model
        self.batch = batch
        self.lanes = lanes
        self.isa = isa
        runs = durations.count
        minMilliseconds = durations.first?.milliseconds ?? 0
        medianMilliseconds = durations.percentile(50)
        p90Milliseconds = durations.percentile(90)
        p99Milliseconds = durations.percentile(99)
        itemsPerSecond = Double(durations.count * batch) / (elapsed.milliseconds / 1_000)
        loadMilliseconds = loadDuration.milliseconds
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        peakResidentByteCount = usage.ru_maxrss * 1_024
    }

    var text: String {
        """
        \(model): batch \(batch), lanes \(lanes), \(isa)
        latency  min \(rounded(minMilliseconds)) ms, median \(rounded(medianMilliseconds)) ms, p90 \(rounded(p90Milliseconds)) ms, \
        p99 \(rounded(p99Milliseconds)) ms over \(runs) runs
        rate     \(rounded(itemsPerSecond)) items/s
        load     \(rounded(loadMilliseconds)) ms, peak memory \(peakResidentByteCount / 1_048_576) MiB
        """
    }

    private func rounded(_ value: Double) -> String { "\((value * 100_000).rounded() / 100_000)" }
}
