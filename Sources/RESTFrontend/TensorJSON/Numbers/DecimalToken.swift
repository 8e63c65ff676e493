/// A JSON number as it stands in the text: ± significand · 10^exponent.
struct DecimalToken {
    /// The digits as one number, without leading zeros; the first nineteen when there are more.
    var significand: UInt64
    var exponent: Int
    var isNegative: Bool
    /// Without decimal point and exponent.
    var isInteger: Bool
    /// Some digits beyond the nineteenth are not in the significand.
    var isTruncated: Bool

    /// Reads a number (RFC 8259 §6) and moves `position` to the byte after it.
    ///
    /// The byte at `end − 1` must exist and be no part of a number, so that it stops every scan.
    ///
    /// - Returns: nil, with `position` unchanged, when no sound number begins there.
    @inline(__always)
    static func read(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> DecimalToken? {
        var cursor = position
        let isNegative = cursor.pointee == UInt8(ascii: "-")
        if isNegative { cursor += 1 }
        let digitsStart = cursor

        let first = cursor.pointee &- UInt8(ascii: "0")
        guard first <= 9 else { return nil }
        var token = DecimalToken(
            significand: UInt64(first), exponent: 0, isNegative: isNegative, isInteger: true, isTruncated: false)
        cursor += 1
        if cursor.pointee != UInt8(ascii: "."), cursor.pointee &- UInt8(ascii: "0") <= 9 {
            guard first != 0 else { return nil }
            token.appendDigits(&cursor, end)
        }
        var digitCount = cursor - digitsStart

        if cursor.pointee == UInt8(ascii: ".") {
            cursor += 1
            let fractionStart = cursor
            token.appendDigits(&cursor, end)
            let fractionCount = cursor - fractionStart
            guard fractionCount > 0 else { return nil }
            token.exponent = 0 &- fractionCount
            token.isInteger = false
            digitCount &+= fractionCount
        }
        if cursor.pointee | 0x20 == UInt8(ascii: "e") {
            guard token.readExponent(&cursor) else { return nil }
        }
        if digitCount > 19 { token.keepNineteenDigits(from: digitsStart, digitCount: digitCount) }
        position = cursor
        return token
    }

    /// Appends the digits at `cursor` to the significand; beyond nineteen it wraps and is made anew later.
    @inline(__always)
    private mutating func appendDigits(_ cursor: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
        while true {
            let (count, value) = DigitWords.leadingDigits(of: DigitWords.load(cursor, end))
            significand = significand &* DigitWords.powerOfTen(count) &+ value
            cursor += count
            if count < 8 { return }
        }
    }

    @inline(never)
    private mutating func readExponent(_ cursor: inout UnsafePointer<UInt8>) -> Bool {
        cursor += 1
        let isNegative = cursor.pointee == UInt8(ascii: "-")
        if isNegative || cursor.pointee == UInt8(ascii: "+") { cursor += 1 }
        let start = cursor
        var value = 0
        while cursor.pointee &- UInt8(ascii: "0") <= 9 {
            value = min(value &* 10 &+ Int(cursor.pointee &- UInt8(ascii: "0")), 1 << 40)
            cursor += 1
        }
        exponent &+= isNegative ? 0 &- value : value
        isInteger = false
        return cursor > start
    }

    /// Leading zeros are no digits that count, so there may be fewer than twenty after all; else the rest is cut off.
    @inline(never)
    private mutating func keepNineteenDigits(from start: UnsafePointer<UInt8>, digitCount: Int) {
        var cursor = start, remaining = digitCount
        while remaining > 0, cursor.pointee == UInt8(ascii: "0") || cursor.pointee == UInt8(ascii: ".") {
            if cursor.pointee != UInt8(ascii: ".") { remaining -= 1 }
            cursor += 1
        }
        guard remaining > 19 else { return }
        isTruncated = true
        exponent &+= remaining - 19
        significand = 0
        for _ in 0..<19 {
            if cursor.pointee == UInt8(ascii: ".") { cursor += 1 }
            significand = significand &* 10 &+ UInt64(cursor.pointee &- UInt8(ascii: "0"))
            cursor += 1
        }
    }
}
