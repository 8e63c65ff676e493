/// A status report as a table.
struct StatusText {
    private let style: TerminalStyle

    private static let titles = ["MODEL", "VERSION", "STATE", "LABELS", "MEMORY", "QUEUE", "REQ/S", "FAIL/S", "P50", "P99"]
    /// Columns of numbers.
    private static let rightAligned: Set<Int> = [1, 4, 5, 6, 7, 8, 9]

    init(_ style: TerminalStyle) { self.style = style }

    func lines(_ report: StatusReport) -> [String] {
        var lines = [heading(report)]
        let facts = facts(report)
        if !facts.isEmpty { lines.append(facts.joined(separator: ", ")) }
        lines += report.reasons.map { style.paint("  \($0)", .yellow) }
        guard !report.rows.isEmpty else { return lines + ["no model is configured or found"] }
        lines += [""] + table(report.rows)
        for row in report.rows {
            guard let problem = row.problem else { continue }
            let version = row.version.map { " version \($0)" } ?? ""
            lines.append(style.paint("\(row.model)\(version): \(problem)", .yellow))
        }
        if !report.offersMetrics {
            lines += ["", "no figures: metrics are not offered at this address; name the listener that has them"]
        }
        return lines
    }

    private func heading(_ report: StatusReport) -> String {
        let colour: TerminalStyle.Colour = report.readiness == "ready" ? .green : report.readiness == "degraded" ? .yellow : .red
        let version = report.version.map { " \($0)" } ?? ""
        let uptime = report.uptimeSeconds.map { ", up \(HumanText.longDuration(seconds: Int($0)))" } ?? ""
        return "apus\(version) at \(report.url): \(style.paint(report.readiness, colour))\(uptime)"
    }

    private func facts(_ report: StatusReport) -> [String] {
        var facts: [String] = []
        if let used = report.modelByteCount {
            let budget = report.budgetByteCount.map { " of \(HumanText.bytes($0))" } ?? ""
            facts.append("models \(HumanText.bytes(used))\(budget)")
        }
        if let resident = report.residentByteCount { facts.append("process \(HumanText.bytes(resident))") }
        if let lanes = report.lanes { facts.append("\(report.busyLanes ?? 0) of \(HumanText.plural(lanes, "lane")) busy") }
        if let requests = report.requestsInFlight { facts.append("\(HumanText.plural(requests, "request")) in flight") }
        if let connections = report.connections { facts.append(HumanText.plural(connections, "connection")) }
        return facts
    }

    private func table(_ rows: [StatusReport.Row]) -> [String] {
        let cells = [Self.titles] + rows.map(Self.cells)
        let widths = Self.titles.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.enumerated().map { index, row in
            let line = row.enumerated().map { column, text in
                let padded = Self.rightAligned.contains(column) ? text.leftPadded(to: widths[column]) : text.rightPadded(to: widths[column])
                return index > 0 && column == 2 ? style.paint(padded, Self.colour(of: text)) : padded
            }.joined(separator: "  ")
            return index == 0 ? style.paint(line, .bold) : line
        }
    }

    private static func cells(_ row: StatusReport.Row) -> [String] {
        [
            row.model, row.version.map(String.init) ?? "-", row.state, row.labels.joined(separator: ","),
            row.memoryByteCount.map(HumanText.bytes) ?? "-", row.queuedRows.map(HumanText.count) ?? "-",
            row.requestsPerSecond.map(number) ?? "-", row.failuresPerSecond.map(number) ?? "-",
            row.medianMilliseconds.map { HumanText.duration($0 * 1e6) } ?? "-",
            row.p99Milliseconds.map { HumanText.duration($0 * 1e6) } ?? "-",
        ]
    }

    private static func number(_ value: Double) -> String { value == 0 ? "0" : String(HumanText.rate(value).dropLast(2)) }

    private static func colour(of state: String) -> TerminalStyle.Colour {
        switch state {
        case "AVAILABLE": .green
        case "START", "LOADING", "UNLOADING": .yellow
        case "END": .dim
        default: .red
        }
    }
}
