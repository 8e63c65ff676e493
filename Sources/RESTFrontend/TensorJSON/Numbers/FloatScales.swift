/// What turns a float into nine digits, for every exponent: the power of ten to multiply with, and where the digits stand.
///
/// A binade holds floats of one decade or two; which one a float is of decides its scale.
enum FloatScales {
    /// Four words for every exponent field, two for the binade's lower decade and two for the upper one: the leading 64 bits of
    /// 10^(8 − decade); and packed into one word, from the lowest bits, a shift (8), the decade (8, biased) and the significand
    /// with which the upper decade begins (32). Then a word with the text of every exponent. Made once, never freed.
    nonisolated(unsafe) static let table: UnsafePointer<UInt64> = unsafe makeTable()

    private static let decadeBias = 64
    private static let exponentTexts = 4 * 256

    /// A float's own scale.
    struct Scale {
        /// 2^63 ≤ factor < 2^64
        let factor: UInt64
        /// The upper half of (significand << shift) · factor has nine digits before 32 bits of fraction.
        let shift: UInt64
        /// The power of ten of the first digit.
        let decade: Int

        @inline(__always)
        init(_ significand: UInt32, field: Int, _ table: UnsafePointer<UInt64>) {
            let words = unsafe table + 4 &* field
            let isUpper = unsafe significand >= UInt32(truncatingIfNeeded: words[1] &>> 32)
            let own = unsafe words + (isUpper ? 2 : 0)
            factor = unsafe own[0]
            shift = unsafe own[1] & 0xFF
            decade = unsafe Int(own[1] &>> 8 & 0xFF) &- FloatScales.decadeBias
        }

        /// Half the distance to the next larger float in units of the product, rounded down.
        @inline(__always)
        var halfStep: UInt64 { factor &>> (65 &- shift) }
    }

    /// "e", sign and two digits of a decade that is a float's, and four bytes of anything.
    @inline(__always)
    static func exponentText(_ decade: Int, _ table: UnsafePointer<UInt64>) -> UInt64 {
        unsafe table[exponentTexts &+ decade &+ decadeBias]
    }

    private static func makeTable() -> UnsafePointer<UInt64> {
        let count = exponentTexts + 2 * decadeBias
        // A binade's words share a cache line.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * count, alignment: 64)
        let words = unsafe memory.initializeMemory(as: UInt64.self, repeating: 0, count: count)
        for field in 1..<255 { unsafe fill(words + 4 * field, field: field) }
        for decade in -45...39 { unsafe words[exponentTexts + decade + decadeBias] = text(ofExponent: decade) }
        return unsafe UnsafePointer(words)
    }

    private static func fill(_ words: UnsafeMutablePointer<UInt64>, field: Int) {
        let exponent = field - 150
        // ⌊log10 2^(exponent + 23)⌋
        let decade = ((exponent + 23) * 78_913) >> 18
        let boundary = firstSignificand(of: decade + 1, exponent)
        for (index, decade) in [decade, decade + 1].enumerated() {
            unsafe words[2 * index] = PowersOfFive.high(PowersOfFive.table, 8 - decade)
            unsafe words[2 * index + 1] =
                UInt64(boundary) << 32 | UInt64(decade + decadeBias) << 8 | UInt64(shift(decade, exponent) & 0xFF)
        }
    }

    /// significand · 2^exponent · 10^(8 − decade) · 2^32 is (significand << shift) · factor / 2^64.
    private static func shift(_ decade: Int, _ exponent: Int) -> Int {
        exponent + PowersOfFive.floorLog2OfTen(toThe: 8 - decade) + 33
    }

    /// The least significand whose value is not below 10^decade; 2^24 when the binade ends before that.
    private static func firstSignificand(of decade: Int, _ exponent: Int) -> UInt32 {
        let shift = UInt64(shift(decade - 1, exponent)), factor = unsafe PowersOfFive.high(PowersOfFive.table, 9 - decade)
        var lower: UInt64 = 1 << 23, upper: UInt64 = 1 << 24
        while lower < upper {
            let middle = (lower + upper) / 2
            if (middle << shift).multipliedFullWidth(by: factor).high >> 32 >= 1_000_000_000 {
                upper = middle
            } else {
                lower = middle + 1
            }
        }
        return UInt32(lower)
    }

    /// At least two digits, as C prints it.
    private static func text(ofExponent decade: Int) -> UInt64 {
        let magnitude = UInt64(decade.magnitude)
        let sign = decade < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+")
        let digits = (magnitude / 10 + 0x30) << 16 | (magnitude % 10 + 0x30) << 24
        return UInt64(UInt8(ascii: "e")) | UInt64(sign) << 8 | digits
    }
}
