/// Binary to decimal: the significant digits of a float and the power of ten of the first one.
enum FloatDigits {
    /// digits = d₀d₁d₂… with value ≈ d₀.d₁d₂… · 10^decade.
    ///
    /// - isShort: six digits are enough; the digits after the sixth are zeros.
    typealias Result<Digits> = (digits: Digits, decade: Int, isShort: Bool)

    /// Nine digits of the normal float significand · 2^exponent, 2^23 ≤ significand < 2^24.
    @inline(__always)
    static func nine(_ significand: UInt64, exponent: Int, _ table: UnsafePointer<UInt64>) -> Result<UInt32> {
        // ⌊log10 2^(exponent + 23)⌋: the decade, or one too low when a power of ten lies within the binade.
        var decade = ((exponent &+ 23) &* 78_913) &>> 18
        var product = Product9(significand, exponent, scale: 8 &- decade, table)
        if product.whole >= 1_000_000_000 {
            decade &+= 1
            product = Product9(significand, exponent, scale: 8 &- decade, table)
        }
        // Half a unit in the last place of a float is at most 60 units of the ninth digit, so that farther away from a number
        // of six digits none of those reads back.
        let thousandths = product.whole % 1000
        if thousandths <= 60 || thousandths >= 940 {
            let six = (product.whole &+ 500) / 1000
            if DecimalConversion.bits(UInt64(six), decade &- 5, DecimalConversion.Binary32.self, table)
                == packed(significand, exponent, fractionBits: 23, bias: 150)
            {
                return six == 1_000_000 ? (100_000_000, decade &+ 1, true) : (six &* 1000, decade, true)
            }
        }
        let digits = product.isUndecided ? exactNine(significand, exponent, decade) : product.rounded
        return digits == 1_000_000_000 ? (100_000_000, decade &+ 1, false) : (digits, decade, false)
    }

    /// Seventeen digits of the normal double significand · 2^exponent, 2^52 ≤ significand < 2^53.
    @inline(__always)
    static func seventeen(_ significand: UInt64, exponent: Int, _ table: UnsafePointer<UInt64>) -> Result<UInt64> {
        var decade = ((exponent &+ 52) &* 315_653) &>> 20
        var product = Product17(significand, exponent, scale: 16 &- decade, table)
        if product.whole >= 100_000_000_000_000_000 {
            decade &+= 1
            product = Product17(significand, exponent, scale: 16 &- decade, table)
        }
        // As above; here half a unit in the last place is at most 12 units of the seventeenth digit.
        let rest = product.whole % 100_000_000_000
        if rest <= 12 || rest >= 99_999_999_988 {
            let six = (product.whole &+ 50_000_000_000) / 100_000_000_000
            if DecimalConversion.bits(six, decade &- 5, DecimalConversion.Binary64.self, table)
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

    @inline(never)
    private static func exactNine(_ significand: UInt64, _ exponent: Int, _ decade: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: ExactDecimal.scaled(significand, exponent: exponent, scale: 8 - decade))
    }

    @inline(__always)
    private static func packed(_ significand: UInt64, _ exponent: Int, fractionBits: UInt64, bias: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: exponent &+ bias &- 1) &<< fractionBits &+ significand
    }
}

/// significand · 2^exponent · 10^scale for a float, as a number with 33 to 37 bits of fraction.
private struct Product9 {
    private let high: UInt64
    private let low: UInt64
    private let fractionBits: UInt64
    private let isExact: Bool

    @inline(__always)
    init(_ significand: UInt64, _ exponent: Int, scale: Int, _ table: UnsafePointer<UInt64>) {
        (high, low) = (significand &<< 40).multipliedFullWidth(by: PowersOfFive.high(table, scale))
        // The product is value · 2^(40 + 63 − ⌊log2 10^scale⌋ − exponent); its low word is dropped.
        fractionBits = UInt64(
            truncatingIfNeeded: 39 &- PowersOfFive.floorLog2OfTen(toThe: scale) &- exponent)
        isExact = UInt(bitPattern: scale) <= 27
    }

    @inline(__always)
    var whole: UInt32 { UInt32(truncatingIfNeeded: high &>> fractionBits) }

    /// The truncated power could move the fraction across one half; at one half exactly when nothing was truncated.
    @inline(__always)
    var isUndecided: Bool {
        let half: UInt64 = 1 &<< (fractionBits &- 1)
        let fraction = high & (half &<< 1 &- 1)
        return fraction &+ 1 &- half <= 1 && !isExact
    }

    /// To nearest, ties to even.
    @inline(__always)
    var rounded: UInt32 {
        let half: UInt64 = 1 &<< (fractionBits &- 1)
        // Whether the fraction is above one half is as good as random, so that it is not asked: the sum carries or does not.
        let up = UInt32(truncatingIfNeeded: (high &+ half) &>> fractionBits)
        let isTie = high & (half &<< 1 &- 1) == half && low == 0
        return isTie ? up & ~1 : up
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
        let first = aligned.multipliedFullWidth(by: PowersOfFive.high(table, scale))
        let second = aligned.multipliedFullWidth(by: PowersOfFive.low(table, scale))
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
