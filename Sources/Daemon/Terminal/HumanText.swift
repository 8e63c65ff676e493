/// Quantities as people read them: three digits and the unit that suits.
package enum HumanText {
    private static let byteUnits = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    private static let rateUnits = ["", "k", "M", "G", "T"]
    /// In nanoseconds.
    private static let timeUnits: [(name: String, nanoseconds: Double)] = [("ns", 1), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)]

    /// `122 KiB`, `1.50 GiB`, `1 byte`.
    package static func bytes(_ count: Int) -> String {
        guard count != 1 else { return "1 byte" }
        let (value, unit) = scaled(Double(max(0, count)), by: 1_024, byteUnits)
        return unit == byteUnits[0] ? "\(max(0, count)) bytes" : "\(threeDigits(value)) \(unit)"
    }

    /// `14.6 µs`, `3.20 ms`, `2.00 s`; minutes from two of them on.
    package static func duration(_ nanoseconds: Double) -> String {
        guard nanoseconds.isFinite, nanoseconds > 0 else { return "0 ns" }
        guard nanoseconds < 120e9 else { return longDuration(seconds: Int(nanoseconds / 1e9)) }
        let unit = timeUnit(of: nanoseconds)
        return "\(threeDigits(nanoseconds / unit.nanoseconds)) \(unit.name)"
    }

    package static func duration(_ duration: Duration) -> String { self.duration(duration.nanoseconds) }

    /// `14.6 µs ± 0.8`: the deviation in the unit of the mean and with as many decimals.
    package static func mean(_ nanoseconds: Double, deviation: Double) -> String {
        let unit = timeUnit(of: nanoseconds)
        let mean = threeDigits(nanoseconds / unit.nanoseconds)
        let decimals = mean.split(separator: ".").dropFirst().first?.count ?? 0
        return "\(mean) \(unit.name) ± \(fixed(deviation / unit.nanoseconds, decimals: decimals))"
    }

    /// `60.5 k/s`.
    package static func rate(_ perSecond: Double) -> String {
        let (value, unit) = scaled(perSecond.isFinite ? max(0, perSecond) : 0, by: 1_000, rateUnits)
        return unit.isEmpty ? "\(threeDigits(value))/s" : "\(threeDigits(value)) \(unit)/s"
    }

    /// `18,234`.
    package static func count(_ count: Int) -> String {
        let digits = String(count.magnitude)
        var text = count < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `1 model`, `3 models`.
    package static func plural(_ count: Int, _ noun: String) -> String { "\(self.count(count)) \(noun)\(count == 1 ? "" : "s")" }

    /// `2 min 5 s`, `3 h 10 min`, `4 d 2 h`.
    package static func longDuration(seconds: Int) -> String {
        let parts = [(seconds / 86_400, "d"), (seconds / 3_600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
        let shown = parts.drop { $0.0 == 0 }.prefix(2)
        return shown.isEmpty ? "0 s" : shown.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }

    /// Of a number from 0 on: 1.23, 12.3, 123, 1234.
    static func threeDigits(_ value: Double) -> String {
        // What would be rounded to one more digit before the point loses a decimal.
        fixed(value, decimals: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)
    }

    static func fixed(_ value: Double, decimals: Int) -> String {
        let factor = [1.0, 10, 100, 1_000][min(max(0, decimals), 3)]
        let scaled = (value * factor).rounded()
        guard scaled.magnitude < 1e15 else { return "\(value)" }
        let digits = String(Int(scaled.magnitude))
        guard decimals > 0 else { return (scaled < 0 ? "-" : "") + digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return (scaled < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    private static func timeUnit(of nanoseconds: Double) -> (name: String, nanoseconds: Double) {
        timeUnits.last { nanoseconds >= $0.nanoseconds * 0.9995 } ?? timeUnits[0]
    }

    private static func scaled(_ value: Double, by step: Double, _ units: [String]) -> (Double, String) {
        var value = value, index = 0
        while value >= step * 0.9995, index + 1 < units.count {
            value /= step
            index += 1
        }
        return (value, units[index])
    }
}
