/// All metrics of a store as Prometheus text (exposition format 0.0.4).
///
/// TensorFlow Serving's metrics come without help lines and with six significant digits, as its dashboards know them. One
/// deviation: a line feed in a label value is escaped, since unescaped, as TensorFlow Serving leaves it, it would let a
/// client that invents a model name write lines of its own.
package enum PrometheusText {
    package static let contentType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    package static func render(_ store: MetricStore) -> String {
        var text = ""
        for family in store.read() { append(family, to: &text) }
        return text
    }

    private static func append(_ family: MetricStore.Family, to text: inout String) {
        let description = family.description
        let name = MetricName.exported(description.name)
        if description.dialect == .prometheus { text += "# HELP \(name) \(escapedHelp(description.help))\n" }
        switch family {
        case .counter(let family):
            text += "# TYPE \(name) counter\n"
            for (values, cell) in family.snapshot {
                let value = cell.value
                // A label set appears with its first observation, whoever keeps its cell at hand before.
                guard value > 0 || values.isEmpty else { continue }
                text += "\(name)\(braced(labels(description, values), description.dialect)) \(value)\n"
            }
        case .reading(let reading):
            text += "# TYPE \(name) \(reading.kind.rawValue)\n"
            for sample in reading.samples {
                let labels = braced(labels(description, sample.labels), description.dialect)
                text += "\(name)\(labels) \(number(sample.value, description.dialect))\n"
            }
        case .histogram(let family):
            text += "# TYPE \(name) histogram\n"
            for (values, cell) in family.snapshot {
                append(cell, name: name, labels: labels(description, values), dialect: description.dialect, to: &text)
            }
        }
    }

    private static func append(
        _ histogram: Histogram, name: String, labels: String, dialect: MetricDescription.Dialect, to text: inout String
    ) {
        let snapshot = histogram.snapshot
        guard !snapshot.isEmpty else { return }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (limit, count) in zip(histogram.buckets.limits, snapshot.counts) {
            total &+= count
            text += "\(name)_bucket{\(prefix)le=\"\(number(limit, dialect))\"} \(total)\n"
        }
        total &+= snapshot.counts.last ?? 0
        text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(total)\n"
        text += "\(name)_sum\(braced(labels, dialect)) \(number(snapshot.sum, dialect))\n"
        text += "\(name)_count\(braced(labels, dialect)) \(total)\n"
    }

    /// TensorFlow Serving writes braces around no labels, too.
    private static func braced(_ labels: String, _ dialect: MetricDescription.Dialect) -> String {
        labels.isEmpty && dialect == .prometheus ? "" : "{\(labels)}"
    }

    /// Six digits make the sum of a busy histogram stand still between two readings; only compatibility needs them.
    private static func number(_ value: Double, _ dialect: MetricDescription.Dialect) -> String {
        switch dialect {
        case .tensorFlowServing: value.sixSignificantDigits
        case .prometheus: inFull(value)
        }
    }

    private static func inFull(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.isNaN ? "NaN" : "\(value)"
    }

    private static func labels(_ description: MetricDescription, _ values: [String]) -> String {
        zip(description.labelNames, values)
            .map { "\(MetricName.exportedLabel($0))=\"\(escapedValue($1))\"" }
            .joined(separator: ",")
    }

    private static func escapedValue(_ value: String) -> String {
        var escaped = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static func escapedHelp(_ help: String) -> String {
        help.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n")
    }
}
