/// Where digits, point and exponent stand: C's `%g` without trailing zeros, `.0` appended to what looks like an integer.
///
/// Fixed notation for decades −4 ..< precision (6 for short digits, else 9 or 17), scientific with at least two digits of exponent
/// beyond. The functions return the bytes of the text and may touch what `FloatText` allows.
enum NumberLayout {
    private typealias Target = UnsafeMutablePointer<UInt8>

    /// Nine digits: the first one and, as eight digit values, the rest.
    ///
    /// - Parameter table: `FloatScales.table`.
    @inline(__always)
    static func write9(
        first: UInt8, rest: UInt64, decade: Int, isShort: Bool, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>
    ) -> Int {
        let digitCount = 9 &- rest.leadingZeroBitCount &>> 3
        let text = DigitWords.text(ofDigits: rest)
        let firstText = first &+ UInt8(ascii: "0")
        if UInt(bitPattern: decade &+ 4) < (isShort ? 10 : 13) {
            // One way for both signs of the decade, as it is often random: zeros and point first, then digits over them, and
            // over these the point and what follows it.
            let isWhole = decade >= 0
            let start = isWhole ? 0 : 1 &- decade
            unsafe store(0x3030_3030_3030_2E30, target)  // "0.000000"
            unsafe target[start] = firstText
            unsafe store(text, target + (start &+ 1))
            let point = isWhole ? decade &+ 1 : 1
            let shifted = text >> UInt64(truncatingIfNeeded: isWhole ? 8 &* decade : 0)
            unsafe target[point] = UInt8(ascii: ".")
            unsafe store(decade < 8 ? shifted : DigitWords.text(ofDigits: 0), target + (isWhole ? point &+ 1 : start &+ 1))
            return isWhole ? max(digitCount, decade &+ 2) &+ 1 : start &+ digitCount
        }
        unsafe target.pointee = firstText
        unsafe target[1] = UInt8(ascii: ".")
        unsafe store(text, target + 2)
        let mantissaCount = digitCount > 1 ? digitCount &+ 1 : 1
        unsafe store(FloatScales.exponentText(decade, table), target + mantissaCount)
        return mantissaCount &+ 4
    }

    /// Seventeen digits.
    static func write(_ digits: UInt64, decade: Int, isShort: Bool, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let upper = digits / 100_000_000
        let middle = DigitWords.digits(of: UInt32(truncatingIfNeeded: upper % 100_000_000))
        let lower = DigitWords.digits(of: UInt32(truncatingIfNeeded: digits % 100_000_000))
        let trailing = lower == 0 ? 8 + middle.leadingZeroBitCount >> 3 : lower.leadingZeroBitCount >> 3
        let digitCount = 17 - trailing

        func writeDigits(at start: Int) {
            unsafe target[start] = UInt8(truncatingIfNeeded: upper / 100_000_000) &+ UInt8(ascii: "0")
            unsafe store(DigitWords.text(ofDigits: middle), target + (start + 1))
            unsafe store(DigitWords.text(ofDigits: lower), target + (start + 9))
        }
        if decade >= 0, decade < (isShort ? 6 : 17) {
            writeDigits(at: 1)
            for index in 0...decade { unsafe target[index] = target[index + 1] }
            unsafe target[decade + 1] = UInt8(ascii: ".")
            if digitCount <= decade + 1 { unsafe target[decade + 2] = UInt8(ascii: "0") }
            return max(digitCount, decade + 2) + 1
        }
        if decade < 0, decade >= -4 {
            unsafe store(0x3030_3030_3030_2E30, target)
            writeDigits(at: 1 - decade)
            return 1 - decade + digitCount
        }
        writeDigits(at: 1)
        unsafe target.pointee = target[1]
        unsafe target[1] = UInt8(ascii: ".")
        let mantissaCount = digitCount > 1 ? digitCount + 1 : 1
        return unsafe mantissaCount + writeExponent(decade, to: target + mantissaCount)
    }

    @inline(__always)
    private static func writeExponent(_ decade: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let magnitude = UInt(truncatingIfNeeded: decade.magnitude)
        unsafe target.pointee = UInt8(ascii: "e")
        unsafe target[1] = decade < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
        let hundreds = magnitude / 100
        unsafe target[2] = UInt8(truncatingIfNeeded: hundreds) &+ UInt8(ascii: "0")
        let start = hundreds > 0 ? 3 : 2
        unsafe target[start] = UInt8(truncatingIfNeeded: magnitude / 10 % 10) &+ UInt8(ascii: "0")
        unsafe target[start &+ 1] = UInt8(truncatingIfNeeded: magnitude % 10) &+ UInt8(ascii: "0")
        return start &+ 2
    }

    @inline(__always)
    private static func store(_ word: UInt64, _ target: UnsafeMutablePointer<UInt8>) {
        unsafe UnsafeMutableRawPointer(target).storeBytes(of: word.littleEndian, as: UInt64.self)
    }
}
