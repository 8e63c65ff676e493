/// Latencies as lines for a person.
enum LatencyText {
    private static let barCount = 12
    private static let barWidth = 40

    /// - Parameter noun: what each duration is of.
    static func lines(_ latencies: LatencyHistogram, of noun: String) -> [String] {
        guard latencies.count > 0 else { return ["latency   none: no \(noun) was measured"] }
        let mean = HumanText.mean(latencies.mean, deviation: latencies.standardDeviation)
        let quantiles: [(String, Double)] = [
            ("min", Double(latencies.minimum)), ("median", latencies.quantile(0.5)), ("p90", latencies.quantile(0.9)),
            ("p99", latencies.quantile(0.99)), ("p99.9", latencies.quantile(0.999)), ("max", Double(latencies.maximum)),
        ]
        return [
            "latency   \(mean) (mean ± σ of \(HumanText.plural(latencies.count, noun)))",
            "          " + quantiles.map { "\($0) \(HumanText.duration($1))" }.joined(separator: ", "),
        ]
    }

    static func histogram(_ latencies: LatencyHistogram) -> [String] {
        let bars = latencies.bars(barCount)
        guard let most = bars.map(\.count).max(), most > 0 else { return [] }
        return bars.enumerated().map { index, bar in
            let label = index == bars.count - 1 ? "more" : "≤ \(HumanText.duration(bar.upTo))"
            let width = (bar.count * barWidth + most - 1) / most
            let share = HumanText.fixed(Double(bar.count) / Double(latencies.count) * 100, decimals: 1)
            return "  " + label.leftPadded(to: 10) + "  " + String(repeating: "█", count: width) + " \(share) %"
        }
    }
}

extension String {
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
    func rightPadded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
