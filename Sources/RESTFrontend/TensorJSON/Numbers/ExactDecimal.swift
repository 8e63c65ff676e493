/// Decimal to binary and back with whole numbers of any size: slow, always right; for what the fast ways cannot decide.
enum ExactDecimal {
    /// Digits beyond these cannot move a value across a rounding boundary except by being there at all: no boundary of binary64
    /// has more than 768 significant digits.
    private static let maximumDigits = 770

    /// The bits, without sign, of the value of `format` nearest to the JSON number in `text`, ties to even.
    ///
    /// - Parameter text: a sound JSON number (RFC 8259 §6), a leading minus sign allowed and ignored.
    /// - Complexity: linear in the digits.
    static func bits(of text: UnsafeBufferPointer<UInt8>, format: BinaryFormat) -> UInt64 {
        let decimal = unsafe Decimal(text)
        guard !decimal.digits.isZero else { return 0 }
        // Within these bounds nothing is decided; beyond them the result is certain in every format used here.
        guard decimal.magnitude <= 310 else { return format.infinity }
        guard decimal.magnitude >= -400 else { return 0 }

        var (numerator, denominator) = (decimal.digits, BigNatural(1))
        if decimal.exponent >= 0 {
            numerator.multiply(byFiveToThe: decimal.exponent)
        } else {
            denominator.multiply(byFiveToThe: -decimal.exponent)
        }
        // The quotient gets 63 or 64 bits, more than any format keeps.
        let shift = 63 - (numerator.bitWidth - denominator.bitWidth)
        numerator.shiftLeft(by: shift)
        denominator.shiftLeft(by: -shift)
        let (quotient, remainder) = numerator.quotient(by: denominator)
        return format.round(quotient, exponent: decimal.exponent - shift, isTruncated: !remainder.isZero)
    }

    /// ⌊significand · 2^exponent · 10^scale⌉, ties to even; the result must fit 63 bits.
    static func scaled(_ significand: UInt64, exponent: Int, scale: Int) -> UInt64 {
        var (numerator, denominator) = (BigNatural(significand), BigNatural(1))
        numerator.multiply(byFiveToThe: max(scale, 0))
        denominator.multiply(byFiveToThe: max(-scale, 0))
        numerator.shiftLeft(by: exponent + scale)
        denominator.shiftLeft(by: -(exponent + scale))
        var (quotient, remainder) = numerator.quotient(by: denominator)
        remainder.shiftLeft(by: 1)
        let isHalf = !(remainder < denominator) && !(denominator < remainder)
        if denominator < remainder || isHalf && quotient & 1 == 1 { quotient += 1 }
        return quotient
    }

    /// The value of a JSON number: digits · 10^exponent.
    private struct Decimal {
        private(set) var digits = BigNatural(0)
        private(set) var exponent = 0
        /// The value lies in 10^(magnitude−1) ..< 10^magnitude.
        private(set) var magnitude = 0

        init(_ text: UnsafeBufferPointer<UInt8>) {
            var significantCount = 0, isFraction = false, isRestZero = true
            var position = unsafe text.first == UInt8(ascii: "-") ? 1 : 0
            while position < text.count {
                let byte = unsafe text[position]
                if byte | 0x20 == UInt8(ascii: "e") { break }
                position += 1
                guard byte != UInt8(ascii: ".") else {
                    isFraction = true
                    continue
                }
                let digit = UInt64(byte &- UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
                if significantCount == 0, digit == 0 { continue }
                significantCount += 1
                if significantCount <= maximumDigits {
                    digits.multiplyOrSet(by: 10, adding: digit)
                } else {
                    exponent += 1
                    if digit != 0 { isRestZero = false }
                }
            }
            if !isRestZero {
                digits.multiplyOrSet(by: 10, adding: 1)
                exponent -= 1
            }
            unsafe exponent += Self.explicitExponent(text, from: position)
            magnitude = exponent + min(significantCount, maximumDigits) + (isRestZero ? 0 : 1)
        }

        /// The number after `e`, clamped far outside of every format's range but inside that of sums with digit counts.
        private static func explicitExponent(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
            var position = start + 1, value = 0
            guard position < text.count else { return 0 }
            let isNegative = unsafe text[position] == UInt8(ascii: "-")
            if unsafe isNegative || text[position] == UInt8(ascii: "+") { position += 1 }
            while position < text.count {
                value = unsafe min(value * 10 + Int(text[position] &- UInt8(ascii: "0")), 1 << 40)
                position += 1
            }
            return isNegative ? -value : value
        }
    }
}

extension BigNatural {
    /// `multiply(by:adding:)` that also starts from zero.
    fileprivate mutating func multiplyOrSet(by factor: UInt64, adding addend: UInt64) {
        if isZero { self = BigNatural(addend) } else { multiply(by: factor, adding: addend) }
    }
}
