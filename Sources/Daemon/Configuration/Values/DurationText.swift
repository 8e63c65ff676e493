/// Durations as people write them: `250us`, `1.5s`, `2m`.
package enum DurationText {
    private static let units: [(suffix: String, microseconds: Int)] = [
        ("us", 1), ("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000),
    ]

    /// A decimal number and its unit; nil for anything else, a number without unit included.
    package static func parse(_ text: String) -> Duration? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(number.count).drop { $0 == " " }
        guard let unit = units.first(where: { $0.suffix == suffix }) else { return nil }
        guard let microseconds = DecimalText.scaled(number, by: unit.microseconds) else { return nil }
        return .microseconds(microseconds)
    }

    /// In the largest unit that leaves a whole number.
    package static func text(_ duration: Duration) -> String {
        let microseconds = Int(clamping: duration.attoseconds / 1_000_000_000_000)
        guard microseconds != 0 else { return "0s" }
        let unit = units.last { microseconds % $0.microseconds == 0 } ?? units[0]
        return "\(microseconds / unit.microseconds)\(unit.suffix)"
    }
}
