/// A JSON number as it stands in the text: ± significand · 10^exponent.
struct DecimalToken {
    /// The digits as one number, without leading zeros; the first nineteen when there are more.
    let significand: UInt64
    let exponent: Int
    let isNegative: Bool
    /// Without decimal point and exponent.
    let isInteger: Bool
    /// Some digits beyond the nineteenth are not in the significand.
    let isTruncated: Bool

    typealias Position = UnsafePointer<UInt8>

    /// Reads the number (RFC 8259 §6) at `start`; the byte at `end − 1` must be none of a number's, so that it stops every scan.
    ///
    /// What most numbers are is read here; the rest is a call that takes and returns values, since an address that escaped would
    /// keep the digits out of registers.
    ///
    /// - Returns: nil when no sound number begins there.
    @inline(__always)
    static func read(_ start: Position, _ end: Position) -> (token: DecimalToken, next: Position)? {
        // The longest number that is read here and the words behind its digits lie within these bytes.
        guard end - start >= 48 else { return readAny(start, end) }
        let isNegative = start.pointee == UInt8(ascii: "-")
        let digitsStart = start + (isNegative ? 1 : 0)
        let first = digitsStart.pointee
        guard isDigit(first) else { return nil }
        var wholeCount = 1
        // Eight digits without the point between them, or as many as there are.
        var digits = DigitWords.load(digitsStart + 1)
        if digitsStart[1] == UInt8(ascii: ".") {
            // One digit before the point is so common that to go on does not wait for a count.
            digits = digits & ~0xFF | UInt64(first)
        } else {
            let word = DigitWords.load(digitsStart)
            wholeCount = DigitWords.leadingDigitCount(of: word)
            guard wholeCount < 8, wholeCount == 1 || first != UInt8(ascii: "0") else { return readAny(start, end) }
            let next = digitsStart + wholeCount
            guard next.pointee == UInt8(ascii: ".") else {
                guard !isExponentMark(next.pointee) else { return readAny(start, end) }
                let token = DecimalToken(
                    significand: DigitWords.value(of: word, digitCount: wholeCount), exponent: 0, isNegative: isNegative,
                    isInteger: true, isTruncated: false)
                return (token, next)
            }
            digits = DigitWords.replacingTail(of: word, from: wholeCount, with: digits)
        }
        var digitCount = DigitWords.leadingDigitCount(of: digits)
        var significand: UInt64
        if digitCount < 8 {
            significand = DigitWords.value(of: digits, digitCount: digitCount)
        } else {
            significand = DigitWords.value(ofText: digits)
            var next = DigitWords.load(digitsStart + 9)
            if DigitWords.isDigits(next) {
                significand = significand &* 100_000_000 &+ DigitWords.value(ofText: next)
                digitCount = 16
                next = DigitWords.load(digitsStart + 17)
            }
            let lastCount = DigitWords.leadingDigitCount(of: next)
            digitCount &+= lastCount
            // Nineteen digits, of which the last ones end within the word.
            guard lastCount < 8, digitCount <= 19 else { return readAny(start, end) }
            significand =
                significand &* DigitWords.powerOfTen(below8: lastCount) &+ DigitWords.value(of: next, digitCount: lastCount)
        }
        let cursor = digitsStart + (digitCount &+ 1)
        guard digitCount > wholeCount, !isExponentMark(cursor.pointee) else { return readAny(start, end) }
        let token = DecimalToken(
            significand: significand, exponent: wholeCount &- digitCount, isNegative: isNegative, isInteger: false, isTruncated: false)
        return (token, cursor)
    }

    /// Reads any number, with checks against the end of the text.
    @inline(never)
    private static func readAny(_ start: Position, _ end: Position) -> (token: DecimalToken, next: Position)? {
        let isNegative = start.pointee == UInt8(ascii: "-")
        let digitsStart = start + (isNegative ? 1 : 0)
        let first = digitsStart.pointee &- UInt8(ascii: "0")
        guard first <= 9 else { return nil }
        var (significand, cursor) = appendingDigits(0, digitsStart, end)
        guard first != 0 || cursor - digitsStart == 1 else { return nil }
        var digitCount = cursor - digitsStart
        var exponent = 0
        var isInteger = true
        if cursor.pointee == UInt8(ascii: ".") {
            let fractionStart = cursor + 1
            (significand, cursor) = appendingDigits(significand, fractionStart, end)
            exponent = fractionStart - cursor
            guard exponent < 0 else { return nil }
            isInteger = false
            digitCount -= exponent
        }
        if isExponentMark(cursor.pointee) {
            guard let (value, next) = readExponent(cursor) else { return nil }
            exponent += value
            isInteger = false
            cursor = next
        }
        var isTruncated = false
        if digitCount > 19, let kept = keepNineteenDigits(from: digitsStart, digitCount: digitCount) {
            significand = kept.significand
            exponent += kept.exponent
            isTruncated = true
        }
        let token = DecimalToken(
            significand: significand, exponent: exponent, isNegative: isNegative, isInteger: isInteger, isTruncated: isTruncated)
        return (token, cursor)
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

    @inline(__always)
    private static func isExponentMark(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "e") }

    /// Appends the digits at `start`; beyond nineteen the significand wraps and is made anew later.
    private static func appendingDigits(
        _ significand: UInt64, _ start: Position, _ end: Position
    ) -> (significand: UInt64, next: Position) {
        var significand = significand, cursor = start
        while true {
            let (count, value) = DigitWords.leadingDigits(of: DigitWords.load(cursor, end))
            cursor += count
            guard count == 8 else { return (significand &* DigitWords.powerOfTen(below8: count) &+ value, cursor) }
            significand = significand &* 100_000_000 &+ value
        }
    }

    /// The number after "e"; nil when there is none.
    private static func readExponent(_ mark: Position) -> (value: Int, next: Position)? {
        var cursor = mark + 1
        let isNegative = cursor.pointee == UInt8(ascii: "-")
        if isNegative || cursor.pointee == UInt8(ascii: "+") { cursor += 1 }
        guard isDigit(cursor.pointee) else { return nil }
        var value = 0
        while isDigit(cursor.pointee) {
            value = min(value &* 10 &+ Int(cursor.pointee &- UInt8(ascii: "0")), 1 << 40)
            cursor += 1
        }
        return (isNegative ? 0 &- value : value, cursor)
    }

    /// The first nineteen digits that count, and the power of ten for those cut off; nil when leading zeros leave no more than
    /// nineteen.
    private static func keepNineteenDigits(
        from start: Position, digitCount: Int
    ) -> (significand: UInt64, exponent: Int)? {
        var cursor = start, remaining = digitCount
        while remaining > 0, cursor.pointee == UInt8(ascii: "0") || cursor.pointee == UInt8(ascii: ".") {
            if cursor.pointee != UInt8(ascii: ".") { remaining -= 1 }
            cursor += 1
        }
        guard remaining > 19 else { return nil }
        var significand: UInt64 = 0
        for _ in 0..<19 {
            if cursor.pointee == UInt8(ascii: ".") { cursor += 1 }
            significand = significand &* 10 &+ UInt64(cursor.pointee &- UInt8(ascii: "0"))
            cursor += 1
        }
        return (significand, remaining - 19)
    }
}
