/// An interchange format of IEEE 754: how many bits hold the fraction and the exponent.
struct BinaryFormat: Sendable {
    let fractionBits: Int
    let exponentBits: Int

    static let binary16 = BinaryFormat(fractionBits: 10, exponentBits: 5)
    static let bfloat16 = BinaryFormat(fractionBits: 7, exponentBits: 8)
    static let binary32 = BinaryFormat(fractionBits: 23, exponentBits: 8)
    static let binary64 = BinaryFormat(fractionBits: 52, exponentBits: 11)

    var bias: Int { 1 << (exponentBits - 1) - 1 }
    /// The bits of +infinity.
    var infinity: UInt64 { ((1 << exponentBits) - 1) << fractionBits }

    /// The bits of the value nearest to significand · 2^exponent, ties to even; no sign.
    ///
    /// - Parameter isTruncated: the exact value lies a little above; `significand` must then have more bits than the format.
    func round(_ significand: UInt64, exponent: Int, isTruncated: Bool) -> UInt64 {
        guard significand > 0 else { return 0 }
        let top = 63 - significand.leadingZeroBitCount
        let magnitude = top + exponent
        guard magnitude <= bias else { return infinity }
        let smallestNormal = 1 - bias
        let dropped = top - fractionBits + max(0, smallestNormal - magnitude)
        guard dropped <= 64 else { return 0 }
        let kept = significand.shiftedRoundingToEven(dropped, isTruncated: isTruncated)
        // The leading bit of a normal value adds one to the exponent field below it; so does a carry out of the fraction.
        let field = magnitude >= smallestNormal ? UInt64(magnitude - smallestNormal) << fractionBits : 0
        return min(field + kept, infinity)
    }
}

extension UInt64 {
    /// self / 2^count (count ≤ 64, negative shifts left), rounded to nearest, ties to even.
    fileprivate func shiftedRoundingToEven(_ count: Int, isTruncated: Bool) -> UInt64 {
        guard count > 0 else { return self << -count }
        let kept = count == 64 ? 0 : self >> count
        let remainder = count == 64 ? self : self & (1 << count - 1)
        let half: UInt64 = 1 << (count - 1)
        let isUp = remainder > half || remainder == half && (isTruncated || kept & 1 == 1)
        return isUp ? kept + 1 : kept
    }
}
