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
                text += "\(name){\(labels(description, values))} \(cell.value)\n"
            }
        case .gauge(let family):
            text += "# TYPE \(name) gauge\n"
            for (values, cell) in family.snapshot {
                text += "\(name){\(labels(description, values))} \(cell.value)\n"
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
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (limit, count) in zip(histogram.buckets.limits, snapshot.counts) {
            total &+= count
            text += "\(name)_bucket{\(prefix)le=\"\(number(limit, dialect))\"} \(total)\n"
        }
        total &+= snapshot.counts.last ?? 0
        text += "\(name)_bucket{\(prefix)le=\"+Inf\"} \(total)\n"
        text += "\(name)_sum{\(labels)} \(number(snapshot.sum, dialect))\n"
        text += "\(name)_count{\(labels)} \(total)\n"
    }

    /// Six digits make the sum of a busy histogram stand still between two readings; only compatibility needs them.
    private static func number(_ value: Double, _ dialect: MetricDescription.Dialect) -> String {
        switch dialect {
        case .tensorFlowServing: value.sixSignificantDigits
        case .prometheus: value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : "\(value)"
        }
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
