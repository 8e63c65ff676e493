/// Values of a page of metrics in Prometheus' text format.
package struct PrometheusSamples: Sendable {
    package struct Sample: Sendable, Equatable {
        package let labels: [String: String]
        package let value: Double
    }

    private var samples: [String: [Sample]] = [:]

    /// Lines that are no samples are passed over.
    package init(_ page: String) {
        for line in page.utf8.split(separator: UInt8(ascii: "\n")) where line.first != UInt8(ascii: "#") {
            guard let (name, sample) = Self.sample(line) else { continue }
            samples[name, default: []].append(sample)
        }
    }

    package subscript(name: String) -> [Sample] { samples[name] ?? [] }

    /// The value of a metric without labels, or the sum over them; nil where there is none.
    package func value(_ name: String) -> Double? {
        let all = self[name]
        return all.isEmpty ? nil : all.reduce(0) { $0 + $1.value }
    }

    /// `name{label="value",…} 1.5`
    private static func sample(_ line: Substring.UTF8View) -> (String, Sample)? {
        let name = line.prefix { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: " ") }
        var rest = line[name.endIndex...]
        var labels: [String: String] = [:]
        if rest.first == UInt8(ascii: "{") {
            rest = rest.dropFirst()
            guard let found = takeLabels(&rest) else { return nil }
            labels = found
        }
        let text = Substring(rest).drop { $0 == " " }.prefix { $0 != " " }
        let value = text == "+Inf" ? Double.infinity : text == "-Inf" ? -Double.infinity : Double(text)
        return value.map { (String(Substring(name)), Sample(labels: labels, value: $0)) }
    }

    /// Up to and with the closing brace.
    private static func takeLabels(_ rest: inout Substring.UTF8View.SubSequence) -> [String: String]? {
        var labels: [String: String] = [:]
        while let next = rest.first {
            if next == UInt8(ascii: "}") {
                rest = rest.dropFirst()
                return labels
            }
            let name = rest.prefix { $0 != UInt8(ascii: "=") }
            rest = rest[name.endIndex...].dropFirst()
            guard rest.first == UInt8(ascii: "\"") else { return nil }
            rest = rest.dropFirst()
            guard let value = takeValue(&rest) else { return nil }
            labels[String(Substring(name))] = value
            if rest.first == UInt8(ascii: ",") { rest = rest.dropFirst() }
        }
        return nil
    }

    /// Up to and with the closing quotation mark.
    private static func takeValue(_ rest: inout Substring.UTF8View.SubSequence) -> String? {
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped == UInt8(ascii: "n") ? UInt8(ascii: "\n") : escaped)
            default: bytes.append(byte)
            }
        }
        return nil
    }
}

/// A histogram's cumulative counts by upper bound.
package struct BucketCounts: Sendable, Equatable {
    private var counts: [Double: Double] = [:]

    package init() {}

    package mutating func add(_ sample: PrometheusSamples.Sample) {
        guard let text = sample.labels["le"], let bound = text == "+Inf" ? .infinity : Double(text) else { return }
        counts[bound, default: 0] += sample.value
    }

    package func subtracting(_ earlier: BucketCounts) -> BucketCounts {
        var difference = self
        // A series that has begun anew counts from 0.
        for (bound, count) in earlier.counts where (counts[bound] ?? 0) >= count { difference.counts[bound, default: 0] -= count }
        return difference
    }

    /// By interpolation in the bucket, as Prometheus' `histogram_quantile`; nil of no observation.
    package func quantile(_ fraction: Double) -> Double? {
        let ascending = counts.sorted { $0.key < $1.key }
        guard let total = ascending.last?.value, total > 0 else { return nil }
        let rank = total * fraction
        var lower = 0.0, before = 0.0
        for (bound, count) in ascending {
            if count >= rank, count > before {
                return bound.isInfinite ? lower : lower + (bound - lower) * (rank - before) / (count - before)
            }
            (lower, before) = (bound, count)
        }
        return lower
    }
}
