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
        guard unsafe end - start >= 48 else { return unsafe readAny(start, end) }
        let isNegative = unsafe start.pointee == UInt8(ascii: "-")
        let digitsStart = unsafe start + (isNegative ? 1 : 0)
        let first = unsafe digitsStart.pointee
        guard isDigit(first) else { return nil }
        var wholeCount = 1
        // Eight digits without the point between them, or as many as there are.
        var digits = unsafe DigitWords.load(digitsStart + 1)
        if unsafe digitsStart[1] == UInt8(ascii: ".") {
            // One digit before the point is so common that to go on does not wait for a count.
            digits = digits & ~0xFF | UInt64(first)
        } else {
            let word = unsafe DigitWords.load(digitsStart)
            wholeCount = DigitWords.leadingDigitCount(of: word)
            guard wholeCount < 8, wholeCount == 1 || first != UInt8(ascii: "0") else { return unsafe readAny(start, end) }
            let next = unsafe digitsStart + wholeCount
            guard unsafe next.pointee == UInt8(ascii: ".") else {
                guard unsafe !isExponentMark(next.pointee) else { return unsafe readAny(start, end) }
                let token = DecimalToken(
                    significand: DigitWords.value(of: word, digitCount: wholeCount), exponent: 0, isNegative: isNegative,
                    isInteger: true, isTruncated: false)
                return unsafe (token, next)
            }
            digits = DigitWords.replacingTail(of: word, from: wholeCount, with: digits)
        }
        var digitCount = DigitWords.leadingDigitCount(of: digits)
        var significand: UInt64
        if digitCount < 8 {
            significand = DigitWords.value(of: digits, digitCount: digitCount)
        } else {
            significand = DigitWords.value(ofText: digits)
            var next = unsafe DigitWords.load(digitsStart + 9)
            if DigitWords.isDigits(next) {
                significand = significand &* 100_000_000 &+ DigitWords.value(ofText: next)
                digitCount = 16
                next = unsafe DigitWords.load(digitsStart + 17)
            }
            let lastCount = DigitWords.leadingDigitCount(of: next)
            digitCount &+= lastCount
            // Nineteen digits, of which the last ones end within the word.
            guard lastCount < 8, digitCount <= 19 else { return unsafe readAny(start, end) }
            significand =
                significand &* DigitWords.powerOfTen(below8: lastCount) &+ DigitWords.value(of: next, digitCount: lastCount)
        }
        let cursor = unsafe digitsStart + (digitCount &+ 1)
        guard digitCount > wholeCount, unsafe !isExponentMark(cursor.pointee) else { return unsafe readAny(start, end) }
        let token = DecimalToken(
            significand: significand, exponent: wholeCount &- digitCount, isNegative: isNegative, isInteger: false, isTruncated: false)
        return unsafe (token, cursor)
    }

    /// Reads any number, with checks against the end of the text.
    @inline(never)
    private static func readAny(_ start: Position, _ end: Position) -> (token: DecimalToken, next: Position)? {
        let isNegative = unsafe start.pointee == UInt8(ascii: "-")
        let digitsStart = unsafe start + (isNegative ? 1 : 0)
        let first = unsafe digitsStart.pointee &- UInt8(ascii: "0")
        guard first <= 9 else { return nil }
        var (significand, cursor) = unsafe appendingDigits(0, digitsStart, end)
        guard unsafe first != 0 || cursor - digitsStart == 1 else { return nil }
        var digitCount = unsafe cursor - digitsStart
        var exponent = 0
        var isInteger = true
        if unsafe cursor.pointee == UInt8(ascii: ".") {
            let fractionStart = unsafe cursor + 1
            unsafe (significand, cursor) = appendingDigits(significand, fractionStart, end)
            exponent = unsafe fractionStart - cursor
            guard exponent < 0 else { return nil }
            isInteger = false
            digitCount -= exponent
        }
        if unsafe isExponentMark(cursor.pointee) {
            guard let (value, next) = unsafe readExponent(cursor) else { return nil }
            exponent += value
            isInteger = false
            unsafe cursor = next
        }
        var isTruncated = false
        if digitCount > 19, let kept = unsafe keepNineteenDigits(from: digitsStart, digitCount: digitCount) {
            significand = kept.significand
            exponent += kept.exponent
            isTruncated = true
        }
        let token = DecimalToken(
            significand: significand, exponent: exponent, isNegative: isNegative, isInteger: isInteger, isTruncated: isTruncated)
        return unsafe (token, cursor)
    }

    @inline(__always)
    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }

    @inline(__always)
    private static func isExponentMark(_ byte: UInt8) -> Bool { byte | 0x20 == UInt8(ascii: "e") }

    /// Appends the digits at `start`; beyond nineteen the significand wraps and is made anew later.
    private static func appendingDigits(
        _ significand: UInt64, _ start: Position, _ end: Position
    ) -> (significand: UInt64, next: Position) {
        var significand = significand, cursor = unsafe start
        while true {
            let (count, value) = unsafe DigitWords.leadingDigits(of: DigitWords.load(cursor, end))
            unsafe cursor += count
            guard count == 8 else { return unsafe (significand &* DigitWords.powerOfTen(below8: count) &+ value, cursor) }
            significand = significand &* 100_000_000 &+ value
        }
    }

    /// The number after "e"; nil when there is none.
    private static func readExponent(_ mark: Position) -> (value: Int, next: Position)? {
        var cursor = unsafe mark + 1
        let isNegative = unsafe cursor.pointee == UInt8(ascii: "-")
        if unsafe isNegative || cursor.pointee == UInt8(ascii: "+") { unsafe cursor += 1 }
        guard unsafe isDigit(cursor.pointee) else { return nil }
        var value = 0
        while unsafe isDigit(cursor.pointee) {
            value = unsafe min(value &* 10 &+ Int(cursor.pointee &- UInt8(ascii: "0")), 1 << 40)
            unsafe cursor += 1
        }
        return unsafe (isNegative ? 0 &- value : value, cursor)
    }

    /// The first nineteen digits that count, and the power of ten for those cut off; nil when leading zeros leave no more than
    /// nineteen.
    private static func keepNineteenDigits(
        from start: Position, digitCount: Int
    ) -> (significand: UInt64, exponent: Int)? {
        var cursor = unsafe start, remaining = digitCount
        while remaining > 0, unsafe cursor.pointee == UInt8(ascii: "0") || cursor.pointee == UInt8(ascii: ".") {
            if unsafe cursor.pointee != UInt8(ascii: ".") { remaining -= 1 }
            unsafe cursor += 1
        }
        guard remaining > 19 else { return nil }
        var significand: UInt64 = 0
        for _ in 0..<19 {
            if unsafe cursor.pointee == UInt8(ascii: ".") { unsafe cursor += 1 }
            significand = unsafe significand &* 10 &+ UInt64(cursor.pointee &- UInt8(ascii: "0"))
            unsafe cursor += 1
        }
        return (significand, remaining - 19)
    }
}
