/// The 128 leading bits of the powers of five that conversions between decimal and binary multiply with.
///
/// 5^q = entry · 2^(⌊log2 5^q⌋ − 127). Entries of q ≥ 0 are truncated (exact up to q = 55), those of −27 ≤ q < 0 rounded up,
/// those below truncated: what the proofs in "Number Parsing at a Gigabyte per Second" (Lemire 2021) and "Fast Number
/// Parsing Without Fallback" (Mushtak, Lemire 2023) require.
enum PowersOfFive {
    static let exponents = -342...326

    /// High and low word of each power in turn, beginning with `exponents.lowerBound`; then the bits of the powers of ten that are
    /// exact as doubles. Made once, never freed.
    nonisolated(unsafe) static let table: UnsafePointer<UInt64> = unsafe makeTable()

    /// The high word; the power itself, shifted left, when 0 ≤ q ≤ 27.
    @inline(__always)
    static func high(_ table: UnsafePointer<UInt64>, _ exponent: Int) -> UInt64 {
        unsafe table[2 &* (exponent &- exponents.lowerBound)]
    }

    @inline(__always)
    static func low(_ table: UnsafePointer<UInt64>, _ exponent: Int) -> UInt64 {
        unsafe table[2 &* (exponent &- exponents.lowerBound) &+ 1]
    }

    /// 10^exponent, which a double holds exactly for 0 ≤ `exponent` ≤ 22.
    @inline(__always)
    static func exactTen(_ table: UnsafePointer<UInt64>, toThe exponent: Int) -> Double {
        unsafe Double(bitPattern: table[2 &* exponents.count &+ exponent])
    }

    /// ⌊log2 10^q⌋, exact for every q of the table.
    @inline(__always)
    static func floorLog2OfTen(toThe exponent: Int) -> Int { (217_706 &* exponent) >> 16 }

    private static func makeTable() -> UnsafePointer<UInt64> {
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * exponents.count + 23)
        func store(_ exponent: Int, _ value: (high: UInt64, low: UInt64)) {
            unsafe words[2 * (exponent - exponents.lowerBound)] = value.high
            unsafe words[2 * (exponent - exponents.lowerBound) + 1] = value.low
        }
        var power = BigNatural(1)
        for exponent in 0...exponents.upperBound {
            store(exponent, power.leading128)
            power.multiply(by: 5)
        }
        // ⌊2^1024 / 5^n⌋ step by step; flooring twice is flooring once, and 128 exact bits remain at n = 342.
        var inverse = BigNatural(1)
        inverse.shiftLeft(by: 1024)
        for exponent in 1 ... -exponents.lowerBound {
            inverse.divide(by: 5)
            var (high, low) = inverse.leading128
            if exponent <= 27 {
                low &+= 1
                high &+= low == 0 ? 1 : 0
            }
            store(-exponent, (high, low))
        }
        var ten = 1.0
        for exponent in 0...22 {
            unsafe words[2 * exponents.count + exponent] = ten.bitPattern
            ten *= 10
        }
        return unsafe UnsafePointer(words)
    }
}
