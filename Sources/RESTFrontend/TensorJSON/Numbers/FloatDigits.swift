/// Binary to decimal: the significant digits of a float and the power of ten of the first one.
enum FloatDigits {
    /// digits = d₀d₁d₂… with value ≈ d₀.d₁d₂… · 10^decade.
    ///
    /// - isShort: six digits are enough; the digits after the sixth are zeros.
    typealias Result<Digits> = (digits: Digits, decade: Int, isShort: Bool)

    /// Nine digits of the normal float with these bits: 2^23 ≤ significand < 2^24, 0 < field < 255.
    ///
    /// - Parameter table: `FloatScales.table`.
    @inline(__always)
    static func nine(_ significand: UInt32, field: Int, _ table: UnsafePointer<UInt64>) -> Result<UInt32> {
        let scale = unsafe FloatScales.Scale(significand, field: field, table)
        // The value as a number of nine digits with 32 bits of fraction: from the exact one it is less than two units off.
        let (product, low) = (UInt64(significand) &<< scale.shift).multipliedFullWidth(by: scale.factor)
        let six = UInt32(truncatingIfNeeded: (product &+ 500 &<< 32) &>> 32) / 1000
        let distance = product &- UInt64(six) &* (1000 &<< 32)
        let reach = scale.halfStep &+ 4
        // Six digits read back when they are nearer than half a step to the next float.
        if distance &+ reach <= 2 &* reach, readsBack(six, distance, significand, field, scale) {
            return six == 1_000_000 ? (100_000_000, scale.decade &+ 1, true) : (six &* 1000, scale.decade, true)
        }
        // Whether the fraction is above one half is as good as random, so that no branch depends on it: the sum carries or does not.
        let rounded = product &+ 1 &<< 31
        let digits = UInt32(truncatingIfNeeded: rounded &>> 32)
        if UInt32(truncatingIfNeeded: rounded) &+ 2 <= 3 {
            let isTie = UInt32(truncatingIfNeeded: rounded) == 0 && low == 0
            return (decided(digits, isTie: isTie, significand, field, scale.decade), scale.decade, false)
        }
        return (digits, scale.decade, false)
    }

    /// Whether six digits at `distance` from the float are read as this float.
    @inline(__always)
    private static func readsBack(
        _ six: UInt32, _ distance: UInt64, _ significand: UInt32, _ field: Int, _ scale: FloatScales.Scale
    ) -> Bool {
        // Below a power of two the next float is only half as far away.
        let surely = (significand == 1 &<< 23 ? scale.halfStep &>> 1 : scale.halfStep) &- 4
        return distance &+ surely <= 2 &* surely || isRead(six, scale.decade, significand, field)
    }

    @inline(never)
    private static func isRead(_ six: UInt32, _ decade: Int, _ significand: UInt32, _ field: Int) -> Bool {
        DecimalConversion.float(UInt64(six), exponent: decade - 5).bitPattern
            == UInt32(truncatingIfNeeded: packed(UInt64(significand), field - 150, fractionBits: 23, bias: 150))
    }

    /// Nine digits when the product is at one half, or so near that the truncated rest of its factor could move it there.
    @inline(never)
    private static func decided(_ digits: UInt32, isTie: Bool, _ significand: UInt32, _ field: Int, _ decade: Int) -> UInt32 {
        // These powers are not truncated.
        if 0...27 ~= 8 - decade { return isTie ? digits & ~1 : digits }
        return UInt32(truncatingIfNeeded: ExactDecimal.scaled(UInt64(significand), exponent: field - 150, scale: 8 - decade))
    }

    /// Seventeen digits of the normal double significand · 2^exponent, 2^52 ≤ significand < 2^53.
    @inline(__always)
    static func seventeen(_ significand: UInt64, exponent: Int, _ table: UnsafePointer<UInt64>) -> Result<UInt64> {
        var decade = ((exponent &+ 52) &* 315_653) &>> 20
        var product = unsafe Product17(significand, exponent, scale: 16 &- decade, table)
        if product.whole >= 100_000_000_000_000_000 {
            decade &+= 1
            product = unsafe Product17(significand, exponent, scale: 16 &- decade, table)
        }
        // As above; here half a unit in the last place is at most 12 units of the seventeenth digit.
        let rest = product.whole % 100_000_000_000
        if rest <= 12 || rest >= 99_999_999_988 {
            let six = (product.whole &+ 50_000_000_000) / 100_000_000_000
            if unsafe DecimalConversion.bits(six, decade &- 5, DecimalConversion.Binary64.self, table)
                == packed(significand, exponent, fractionBits: 52, bias: 1075)
            {
                return six == 1_000_000
                    ? (10_000_000_000_000_000, decade &+ 1, true) : (six &* 100_000_000_000, decade, true)
            }
        }
        let digits =
            product.isUndecided
            ? ExactDecimal.scaled(significand, exponent: exponent, scale: 16 &- decade) : product.rounded
        return digits == 100_000_000_000_000_000
            ? (10_000_000_000_000_000, decade &+ 1, false) : (digits, decade, false)
    }

    /// The digits of any finite, positive value by exact arithmetic, as seventeen (a float's nine or six followed by zeros).
    static func exact(_ significand: UInt64, exponent: Int, isFloat: Bool) -> Result<UInt64> {
        let value = Double(sign: .plus, exponent: exponent, significand: Double(significand))
        let short = rounded(significand, exponent, count: 6)
        let readsBack =
            isFloat
            ? DecimalConversion.float(short.digits, exponent: short.decade - 5) == Float(value)
            : DecimalConversion.double(short.digits, exponent: short.decade - 5) == value
        if readsBack { return (short.digits * 100_000_000_000, short.decade, true) }
        let long = rounded(significand, exponent, count: isFloat ? 9 : 17)
        return (isFloat ? long.digits * 100_000_000 : long.digits, long.decade, false)
    }

    private static func rounded(_ significand: UInt64, _ exponent: Int, count: Int) -> (digits: UInt64, decade: Int) {
        let bound = (0..<count).reduce(UInt64(1)) { power, _ in power * 10 }
        let top = 63 - significand.leadingZeroBitCount + exponent
        var decade = (top * 315_653) >> 20
        var digits = ExactDecimal.scaled(significand, exponent: exponent, scale: count - 1 - decade)
        if digits >= bound {
            // Either a power of ten lies within the binade or rounding reached one; the next decade suits both.
            decade += 1
            digits = ExactDecimal.scaled(significand, exponent: exponent, scale: count - 1 - decade)
        }
        return (digits, decade)
    }

    @inline(__always)
    private static func packed(_ significand: UInt64, _ exponent: Int, fractionBits: UInt64, bias: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: exponent &+ bias &- 1) &<< fractionBits &+ significand
    }
}

/// significand · 2^exponent · 10^scale for a double, as a number with 70 to 74 bits of fraction.
private struct Product17 {
    private let high: UInt64
    private let middle: UInt64
    private let fractionBits: UInt64

    @inline(__always)
    init(_ significand: UInt64, _ exponent: Int, scale: Int, _ table: UnsafePointer<UInt64>) {
        let aligned = significand &<< 11
        let first = unsafe aligned.multipliedFullWidth(by: PowersOfFive.high(table, scale))
        let second = unsafe aligned.multipliedFullWidth(by: PowersOfFive.low(table, scale))
        let (sum, overflow) = first.low.addingReportingOverflow(second.high)
        middle = sum
        high = first.high &+ (overflow ? 1 : 0)
        fractionBits = UInt64(truncatingIfNeeded: 10 &- PowersOfFive.floorLog2OfTen(toThe: scale) &- exponent)
    }

    @inline(__always)
    var whole: UInt64 { high &>> fractionBits }

    /// The fraction's leading 64 bits.
    @inline(__always)
    private var fraction: UInt64 { high &<< (64 &- fractionBits) | middle &>> fractionBits }

    /// What was truncated, less than two units of the middle word, could move the fraction across or onto one half.
    @inline(__always)
    var isUndecided: Bool { fraction &- (1 &<< 63 &- 2) <= 4 }

    @inline(__always)
    var rounded: UInt64 { whole &+ fraction &>> 63 }
}
