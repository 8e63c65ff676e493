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
            store(0x3030_3030_3030_2E30, target)  // "0.000000"
            target[start] = firstText
            store(text, target + (start &+ 1))
            let point = isWhole ? decade &+ 1 : 1
            let shifted = text >> UInt64(truncatingIfNeeded: isWhole ? 8 &* decade : 0)
            target[point] = UInt8(ascii: ".")
            store(decade < 8 ? shifted : DigitWords.text(ofDigits: 0), target + (isWhole ? point &+ 1 : start &+ 1))
            return isWhole ? max(digitCount, decade &+ 2) &+ 1 : start &+ digitCount
        }
        target.pointee = firstText
        target[1] = UInt8(ascii: ".")
        store(text, target + 2)
        let mantissaCount = digitCount > 1 ? digitCount &+ 1 : 1
        store(FloatScales.exponentText(decade, table), target + mantissaCount)
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
            target[start] = UInt8(truncatingIfNeeded: upper / 100_000_000) &+ UInt8(ascii: "0")
            store(DigitWords.text(ofDigits: middle), target + (start + 1))
            store(DigitWords.text(ofDigits: lower), target + (start + 9))
        }
        if decade >= 0, decade < (isShort ? 6 : 17) {
            writeDigits(at: 1)
            for index in 0...decade { target[index] = target[index + 1] }
            target[decade + 1] = UInt8(ascii: ".")
            if digitCount <= decade + 1 { target[decade + 2] = UInt8(ascii: "0") }
            return max(digitCount, decade + 2) + 1
        }
        if decade < 0, decade >= -4 {
            store(0x3030_3030_3030_2E30, target)
            writeDigits(at: 1 - decade)
            return 1 - decade + digitCount
        }
        writeDigits(at: 1)
        target.pointee = target[1]
        target[1] = UInt8(ascii: ".")
        let mantissaCount = digitCount > 1 ? digitCount + 1 : 1
        return mantissaCount + writeExponent(decade, to: target + mantissaCount)
    }

    @inline(__always)
    private static func writeExponent(_ decade: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let magnitude = UInt(truncatingIfNeeded: decade.magnitude)
        target.pointee = UInt8(ascii: "e")
        target[1] = decade < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
        let hundreds = magnitude / 100
        target[2] = UInt8(truncatingIfNeeded: hundreds) &+ UInt8(ascii: "0")
        let start = hundreds > 0 ? 3 : 2
        target[start] = UInt8(truncatingIfNeeded: magnitude / 10 % 10) &+ UInt8(ascii: "0")
        target[start &+ 1] = UInt8(truncatingIfNeeded: magnitude % 10) &+ UInt8(ascii: "0")
        return start &+ 2
    }

    @inline(__always)
    private static func store(_ word: UInt64, _ target: UnsafeMutablePointer<UInt8>) {
        UnsafeMutableRawPointer(target).storeBytes(of: word.littleEndian, as: UInt64.self)
    }
}
