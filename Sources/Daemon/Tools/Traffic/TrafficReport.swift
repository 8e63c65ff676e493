/// What a replay measured; durations are of single requests.
struct ReplayReport: Encodable {
    let file: String
    let url: String
    let clients: Int
    let requests: Int
    /// How many responses had each status.
    let statuses: [String: Int]
    let medianMilliseconds: Double
    let p90Milliseconds: Double
    let p99Milliseconds: Double
    let requestsPerSecond: Double

    enum CodingKeys: String, CodingKey {
        case file, url, clients, requests, statuses
        case medianMilliseconds = "median_ms"
        case p90Milliseconds = "p90_ms"
        case p99Milliseconds = "p99_ms"
        case requestsPerSecond = "requests_per_s"
    }

    /// - Parameter durations: ascending.
    init(file: String, url: String, clients: Int, durations: [Duration], elapsed: Duration, statuses: [Int: Int]) {
        self.file = file
        self.url = url
        self.clients = clients
        requests = durations.count
        self.statuses = Dictionary(uniqueKeysWithValues: statuses.map { (String($0.key), $0.value) })
        medianMilliseconds = durations.percentile(50)
        p90Milliseconds = durations.percentile(90)
        p99Milliseconds = durations.percentile(99)
        requestsPerSecond = Double(durations.count) / max(elapsed.milliseconds / 1_000, 1e-9)
    }

    var text: String {
        let counts = statuses.sorted { $0.key < $1.key }.map { "\($0.value) with status \($0.key)" }.joined(separator: ", ")
        return """
            \(file) to \(url): \(clients) clients, \(requests) requests, \(counts)
            latency  median \(rounded(medianMilliseconds)) ms, p90 \(rounded(p90Milliseconds)) ms, p99 \(rounded(p99Milliseconds)) ms
            rate     \(rounded(requestsPerSecond)) requests/s
            """
    }

    private func rounded(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000)" }
}
