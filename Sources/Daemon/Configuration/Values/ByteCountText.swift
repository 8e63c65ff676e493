/// Numbers of bytes as people write them: `65536`, `64KiB`, `1.5GiB`.
package enum ByteCountText {
    private static let units: [(suffix: String, byteCount: Int)] = [
        ("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ]

    package static func parse(_ text: String) -> Int? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = text.dropFirst(number.count).drop { $0 == " " }
        guard let unit = units.first(where: { $0.suffix == suffix }) else { return nil }
        return DecimalText.scaled(number, by: unit.byteCount)
    }
}

/// Decimal numbers without sign or exponent.
enum DecimalText {
    /// `number` · `factor`, rounded down; nil where it is not a number, or too large.
    static func scaled(_ number: some StringProtocol, by factor: Int) -> Int? {
        let parts = number.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = parts.first, let value = Int(whole), value >= 0 else { return nil }
        let (scaled, overflow) = value.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return scaled }
        guard let fraction = fraction(parts[1], of: factor) else { return nil }
        let (sum, carried) = scaled.addingReportingOverflow(fraction)
        return carried ? nil : sum
    }

    /// Nine digits are more than any unit here can show.
    private static func fraction(_ digits: some StringProtocol, of factor: Int) -> Int? {
        guard !digits.isEmpty, digits.count <= 9, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(digits)
        else { return nil }
        var divisor = 1
        for _ in digits.utf8 { divisor *= 10 }
        let (high, low) = value.multipliedFullWidth(by: factor)
        return divisor.dividingFullWidth((high, low)).quotient
    }
}
