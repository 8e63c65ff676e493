import Tensors

/// Floats as NumPy writes them: as few digits as say the number in its type, with an exponent below 0.0001 and from 10¹⁶ on.
enum PlainNumber {
    static func text(_ value: Float) -> [UInt8] { text(Double(value)) { value.description } }

    static func text(_ value: Double) -> [UInt8] { text(value) { value.description } }

    /// - Parameter isSame: whether a number rounds to the one that is written.
    static func text(half value: Float, isSame: (Float) -> Bool) -> [UInt8] {
        text(Double(value)) {
            for precision in 0..<8 {
                let text = PrintedNumber(format: "%.\(precision)e")(Double(value))
                if let read = NumberText.float(text[...]), isSame(read) { return String(decoding: text, as: UTF8.self) }
            }
            return value.description
        }
    }

    /// - Parameter shortest: the number in any notation, with just the digits that it needs.
    private static func text(_ value: Double, shortest: () -> String) -> [UInt8] {
        if value.isNaN { return Array("nan".utf8) }
        let sign = value.sign == .minus ? "-" : ""
        if value.isInfinite { return Array((sign + "inf").utf8) }
        if value == 0 { return Array((sign + "0.0").utf8) }
        let (digits, exponent) = decimal(shortest())
        return Array((sign + (exponent < -4 || exponent >= 16 ? scientific(digits, exponent) : positional(digits, exponent))).utf8)
    }

    /// The digits from the first to the last that is not 0, and the power of ten of the first one.
    private static func decimal(_ text: String) -> (digits: [Character], exponent: Int) {
        let parts = text.drop { $0 == "-" }.split(separator: "e")
        let mantissa = Array(parts.first ?? "0"), power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let point = mantissa.firstIndex(of: ".") ?? mantissa.count
        var digits = mantissa.filter { $0 != "." }
        let leading = digits.prefix { $0 == "0" }.count
        digits.removeFirst(leading)
        while digits.count > 1, digits.last == "0" { digits.removeLast() }
        return (digits, power + point - 1 - leading)
    }

    private static func scientific(_ digits: [Character], _ exponent: Int) -> String {
        let fraction = String(digits.dropFirst()), size = String(abs(exponent))
        return String(digits.prefix(1)) + (fraction.isEmpty ? "" : "." + fraction) + (exponent < 0 ? "e-" : "e+")
            + (size.count < 2 ? "0" + size : size)
    }

    private static func positional(_ digits: [Character], _ exponent: Int) -> String {
        guard exponent >= 0 else { return "0." + String(repeating: "0", count: -exponent - 1) + String(digits) }
        let whole = String(digits.prefix(exponent + 1)), fraction = String(digits.dropFirst(exponent + 1))
        return whole + String(repeating: "0", count: exponent + 1 - whole.count) + "." + (fraction.isEmpty ? "0" : fraction)
    }
}
