/// What a measurement of a running daemon found; durations are of single requests.
struct TrafficReport: Encodable {
    /// Of a replay.
    let file: String?
    let url: String
    let clients: Int
    /// Requests a second that were to be sent; nil in a closed loop.
    let rate: Double?
    let requests: Int
    /// How many responses had each status.
    let statuses: [String: Int]
    /// Requests without a response.
    let errors: Int
    let seconds: Double
    let minMilliseconds: Double
    let meanMilliseconds: Double
    let medianMilliseconds: Double
    let p90Milliseconds: Double
    let p99Milliseconds: Double
    let p999Milliseconds: Double
    let maxMilliseconds: Double
    let requestsPerSecond: Double
    private let latencies: LatencyHistogram
    private let failure: String?
    private let wasInterrupted: Bool

    enum CodingKeys: String, CodingKey {
        case file, url, clients, rate, requests, statuses, errors, seconds
        case minMilliseconds = "min_ms"
        case meanMilliseconds = "mean_ms"
        case medianMilliseconds = "median_ms"
        case p90Milliseconds = "p90_ms"
        case p99Milliseconds = "p99_ms"
        case p999Milliseconds = "p999_ms"
        case maxMilliseconds = "max_ms"
        case requestsPerSecond = "requests_per_s"
    }

    init(_ traffic: Traffic, file: String? = nil, measured: Traffic.Measurements) {
        self.file = file
        url = traffic.address.text
        clients = traffic.clientCount
        rate = traffic.rate
        latencies = measured.latencies
        requests = latencies.count
        statuses = Dictionary(uniqueKeysWithValues: measured.statuses.map { (String($0.key), $0.value) })
        errors = measured.failureCount
        failure = measured.failure?.message
        seconds = measured.elapsed.nanoseconds / 1e9
        minMilliseconds = latencies.count == 0 ? 0 : Double(latencies.minimum) / 1e6
        meanMilliseconds = latencies.mean / 1e6
        medianMilliseconds = latencies.quantile(0.5) / 1e6
        p90Milliseconds = latencies.quantile(0.9) / 1e6
        p99Milliseconds = latencies.quantile(0.99) / 1e6
        p999Milliseconds = latencies.quantile(0.999) / 1e6
        maxMilliseconds = Double(latencies.maximum) / 1e6
        requestsPerSecond = Double(requests) / max(seconds, 1e-9)
        wasInterrupted = measured.wasInterrupted
    }

    func text(showsHistogram: Bool) -> String {
        let loop = rate.map { ", \(HumanText.rate($0)) wanted (latency from when each request was due)" } ?? ""
        let counts = statuses.sorted { $0.key < $1.key }.map { "\(HumanText.count($0.value)) with status \($0.key)" }
        var lines = [
            "\(file.map { "\($0) to " } ?? "")\(url): \(HumanText.plural(clients, "client"))\(loop)",
            "requests  \(HumanText.count(requests)) in \(HumanText.duration(seconds * 1e9)): \(counts.joined(separator: ", "))",
        ]
        if errors > 0 { lines.append("errors    \(HumanText.plural(errors, "request")) without a response: \(failure ?? "")") }
        lines += LatencyText.lines(latencies, of: "request")
        lines.append("rate      \(HumanText.rate(requestsPerSecond))")
        if showsHistogram { lines += LatencyText.histogram(latencies) }
        if wasInterrupted { lines.append("interrupted: the figures are of the time until then") }
        return lines.joined(separator: "\n")
    }
}
