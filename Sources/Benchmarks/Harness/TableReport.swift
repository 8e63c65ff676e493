/// A section's outcomes as an aligned table.
struct TableReport {
    let section: Section
    let rows: [(name: String, outcome: Outcome)]

    var text: String {
        let countsAllocations = rows.contains { $0.outcome.allocationCount != nil }
        var table = [
            ["", "min", "median", section.unit.name, "ref. min", "median", section.unit.name, "ratio"]
                + (countsAllocations ? ["allocations"] : [])
        ]
        for (name, outcome) in rows {
            let allocations = countsAllocations ? [outcome.allocationCount.map(String.init) ?? ""] : []
            table.append([name] + cells(outcome) + allocations)
        }
        let title = "\(section.title): \(section.summary)"
        return ([title] + (rows.isEmpty ? [] : Self.aligned(table)) + skipped).joined(separator: "\n")
    }

    /// A line for each comparison that this build cannot make.
    private var skipped: [String] {
        section.comparisons.compactMap { comparison in comparison.obstacle.map { "  \(comparison.name)  skipped: \($0)" } }
    }

    private func cells(_ outcome: Outcome) -> [String] {
        let pace = outcome.pace
        return [pace.candidate, pace.reference].flatMap { side in
            let rate = Double(outcome.work) / side.median * section.unit.perNanosecond
            return [Self.duration(side.minimum), Self.duration(side.median), Self.rounded(rate)]
        } + [Self.rounded(pace.ratio)]
    }

    /// Names to the left, numbers to the right.
    private static func aligned(_ table: [[String]]) -> [String] {
        let widths = (0..<(table.first?.count ?? 0)).map { column in table.map { $0[column].count }.max() ?? 0 }
        return table.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }
            return "  " + cells.joined(separator: "  ")
        }
    }

    private static func duration(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<999.5: rounded(nanoseconds) + " ns"
        case ..<999_500: rounded(nanoseconds / 1e3) + " µs"
        default: rounded(nanoseconds / 1e6) + " ms"
        }
    }

    /// At least three significant digits, so that small and large numbers read alike.
    private static func rounded(_ value: Double) -> String {
        value.formatted(fractionDigits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    }
}

extension Double {
    /// The number with that many digits behind the point.
    fileprivate func formatted(fractionDigits: Int) -> String {
        guard fractionDigits > 0 else { return "\(Int(rounded()))" }
        let scale = fractionDigits == 1 ? 10 : 100
        let scaled = Int((self * Double(scale)).rounded())
        let fraction = "\(scaled % scale)"
        return "\(scaled / scale)." + String(repeating: "0", count: fractionDigits - fraction.count) + fraction
    }
}
