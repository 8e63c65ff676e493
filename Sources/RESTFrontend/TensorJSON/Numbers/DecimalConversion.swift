/// Decimal to binary: the float nearest to significand · 10^exponent, ties to even.
///
/// One 64×64-bit multiplication decides nearly every value, a second one the rest: D. Lemire, "Number Parsing at a Gigabyte per
/// Second", Software: Practice and Experience 51 (2021). Exact for every 64-bit significand.
enum DecimalConversion {
    /// What the algorithm knows of a target format.
    protocol Target {
        static var format: BinaryFormat { get }
        /// Below it every 64-bit significand rounds to zero, above the other every one to infinity.
        static var powersOfTen: ClosedRange<Int> { get }
        /// The exponents at which a value can lie exactly between two floats.
        static var tiePowersOfTen: ClosedRange<Int> { get }
    }

    enum Binary32: Target {
        @inline(__always) static var format: BinaryFormat { .init(fractionBits: 23, exponentBits: 8) }
        @inline(__always) static var powersOfTen: ClosedRange<Int> { -65...38 }
        @inline(__always) static var tiePowersOfTen: ClosedRange<Int> { -17...10 }
    }

    enum Binary64: Target {
        @inline(__always) static var format: BinaryFormat { .init(fractionBits: 52, exponentBits: 11) }
        @inline(__always) static var powersOfTen: ClosedRange<Int> { -342...308 }
        @inline(__always) static var tiePowersOfTen: ClosedRange<Int> { -4...23 }
    }

    static func float(_ significand: UInt64, exponent: Int) -> Float {
        unsafe Float(bitPattern: UInt32(truncatingIfNeeded: bits(significand, exponent, Binary32.self, PowersOfFive.table)))
    }

    static func double(_ significand: UInt64, exponent: Int) -> Double {
        unsafe Double(bitPattern: bits(significand, exponent, Binary64.self, PowersOfFive.table))
    }

    /// The bits of the nearest value, without sign.
    @inline(__always)
    static func bits<T: Target>(
        _ significand: UInt64, _ exponent: Int, _: T.Type, _ table: UnsafePointer<UInt64>
    ) -> UInt64 {
        let fractionBits = T.format.fractionBits
        guard significand != 0, exponent >= T.powersOfTen.lowerBound else { return 0 }
        guard exponent <= T.powersOfTen.upperBound else { return T.format.infinity }

        let leadingZeros = significand.leadingZeroBitCount
        let aligned = significand &<< UInt64(truncatingIfNeeded: leadingZeros)
        var (high, low) = unsafe aligned.multipliedFullWidth(by: PowersOfFive.high(table, exponent))
        // Bits below those that are kept are all ones: the truncated rest of the power may carry into them.
        let undecided = UInt64.max &>> UInt64(truncatingIfNeeded: fractionBits &+ 3)
        if high & undecided == undecided {
            let carry = unsafe aligned.multipliedFullWidth(by: PowersOfFive.low(table, exponent)).high
            low &+= carry
            if low < carry { high &+= 1 }
        }

        let upper = high &>> 63
        let shift = upper &+ UInt64(truncatingIfNeeded: 64 - 3 &- fractionBits)
        var kept = high &>> shift
        let power =
            PowersOfFive.floorLog2OfTen(toThe: exponent) &+ 63 &+ Int(truncatingIfNeeded: upper) &- leadingZeros
            &+ T.format.bias
        guard power > 0 else { return subnormal(kept, power, fractionBits) }

        // Exactly between two floats: the bit that would round up an even one is cleared.
        if low <= 1, T.tiePowersOfTen.contains(exponent), kept & 3 == 1, kept &<< shift == high { kept &= ~1 }
        kept = (kept &+ (kept & 1)) &>> 1
        // `kept` carries the leading bit, which adds one to the exponent field; so does a carry out of the fraction.
        let result = (UInt64(truncatingIfNeeded: power &- 1) &<< UInt64(truncatingIfNeeded: fractionBits)) &+ kept
        return min(result, T.format.infinity)
    }

    /// No 64-bit significand lies exactly between two subnormal values, so the round bit alone decides.
    @inline(never)
    private static func subnormal(_ kept: UInt64, _ power: Int, _ fractionBits: Int) -> UInt64 {
        let shift = 1 - power
        guard shift < 64 else { return 0 }
        let shifted = kept >> UInt64(shift)
        return (shifted + (shifted & 1)) >> 1
    }
}
