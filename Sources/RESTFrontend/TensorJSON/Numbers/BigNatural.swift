/// A natural number of any size, for the few conversions that 128 bits cannot decide.
///
/// Only what exact rounding needs; callers bound the size (a few thousand bits) before they build one.
struct BigNatural {
    /// Least significant first; the last one is never zero.
    private(set) var limbs: [UInt64]

    init(_ value: UInt64) { limbs = value == 0 ? [] : [value] }

    /// 5^exponent.
    init(fiveToThe exponent: Int) {
        self.init(1)
        multiply(byFiveToThe: exponent)
    }

    var isZero: Bool { limbs.isEmpty }

    /// The position of the highest set bit plus one; 0 for zero.
    var bitWidth: Int {
        guard let last = limbs.last else { return 0 }
        return limbs.count * 64 - last.leadingZeroBitCount
    }

    /// self = self · factor + addend.
    mutating func multiply(by factor: UInt64, adding addend: UInt64 = 0) {
        var carry = addend
        for index in limbs.indices {
            let product = limbs[index].multipliedFullWidth(by: factor)
            let (low, overflow) = product.low.addingReportingOverflow(carry)
            limbs[index] = low
            carry = product.high &+ (overflow ? 1 : 0)
        }
        if carry > 0 { limbs.append(carry) }
        trim()
    }

    mutating func multiply(byFiveToThe exponent: Int) {
        var remaining = exponent
        while remaining >= 27 {
            multiply(by: 7_450_580_596_923_828_125)  // 5^27, the largest power of five in 64 bits
            remaining -= 27
        }
        var factor: UInt64 = 1
        for _ in 0..<remaining { factor *= 5 }
        if factor > 1 { multiply(by: factor) }
    }

    /// Divides and forgets the remainder.
    mutating func divide(by divisor: UInt64) {
        var remainder: UInt64 = 0
        for index in limbs.indices.reversed() {
            (limbs[index], remainder) = divisor.dividingFullWidth((remainder, limbs[index]))
        }
        trim()
    }

    mutating func shiftLeft(by count: Int) {
        guard !limbs.isEmpty, count > 0 else { return }
        let (words, bits) = (count / 64, count % 64)
        if bits > 0 {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let limb = limbs[index]
                limbs[index] = limb << bits | carry
                carry = limb >> (64 - bits)
            }
            if carry > 0 { limbs.append(carry) }
        }
        if words > 0 { limbs.insert(contentsOf: repeatElement(0, count: words), at: 0) }
    }

    mutating func halve() {
        for index in limbs.indices {
            let above = index + 1 < limbs.count ? limbs[index + 1] << 63 : 0
            limbs[index] = limbs[index] >> 1 | above
        }
        trim()
    }

    /// - Precondition: `other` is not larger.
    mutating func subtract(_ other: BigNatural) {
        var borrow: UInt64 = 0
        for index in limbs.indices {
            let subtrahend = index < other.limbs.count ? other.limbs[index] : 0
            let (first, under) = limbs[index].subtractingReportingOverflow(subtrahend)
            let (second, underAgain) = first.subtractingReportingOverflow(borrow)
            limbs[index] = second
            borrow = under || underAgain ? 1 : 0
        }
        precondition(borrow == 0, "a natural number went below zero")
        trim()
    }

    static func < (left: BigNatural, right: BigNatural) -> Bool {
        guard left.limbs.count == right.limbs.count else { return left.limbs.count < right.limbs.count }
        for (a, b) in zip(left.limbs.reversed(), right.limbs.reversed()) where a != b { return a < b }
        return false
    }

    /// ⌊self / divisor⌋, which must fit 64 bits, and the remainder.
    func quotient(by divisor: BigNatural) -> (quotient: UInt64, remainder: BigNatural) {
        let shift = bitWidth - divisor.bitWidth
        guard shift >= 0 else { return (0, self) }
        precondition(shift < 64, "the quotient does not fit 64 bits")
        var (remainder, step, quotient) = (self, divisor, UInt64(0))
        step.shiftLeft(by: shift)
        for _ in 0...shift {
            quotient <<= 1
            if !(remainder < step) {
                remainder.subtract(step)
                quotient |= 1
            }
            step.halve()
        }
        return (quotient, remainder)
    }

    /// The 128 leading bits, the highest one at bit 127; fewer bits are filled with zeros from below.
    var leading128: (high: UInt64, low: UInt64) {
        func limb(_ fromTop: Int) -> UInt64 { fromTop < limbs.count ? limbs[limbs.count - 1 - fromTop] : 0 }
        let shift = limb(0).leadingZeroBitCount
        guard shift > 0 else { return (limb(0), limb(1)) }
        return (limb(0) << shift | limb(1) >> (64 - shift), limb(1) << shift | limb(2) >> (64 - shift))
    }

    private mutating func trim() {
        while limbs.last == 0 { limbs.removeLast() }
    }
}
