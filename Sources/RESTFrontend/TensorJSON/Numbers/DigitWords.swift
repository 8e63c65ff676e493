/// Eight decimal digits at a time in one 64-bit word, first digit in the lowest byte.
enum DigitWords {
    private static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// 10^exponent for 0 ≤ exponent < 8.
    @inline(__always)
    static func powerOfTen(below8 exponent: Int) -> UInt64 {
        switch exponent & 7 {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1000
        case 4: 10000
        case 5: 100_000
        case 6: 1_000_000
        default: 10_000_000
        }
    }

    /// The next eight bytes, which must exist.
    @inline(__always)
    static func load(_ position: UnsafePointer<UInt8>) -> UInt64 {
        unsafe UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
    }

    /// The bytes at `position`; those at or past `end` read as zero.
    @inline(__always)
    static func load(_ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
        unsafe end - position >= 8 ? load(position) : loadShort(position, end)
    }

    @inline(never)
    private static func loadShort(_ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for offset in unsafe 0..<max(0, end - position) { unsafe word |= UInt64(position[offset]) << UInt64(8 * offset) }
        return word
    }

    /// The top bit of the first byte that is no digit, and of some after it.
    @inline(__always)
    private static func firstNonDigitTops(of word: UInt64) -> UInt64 {
        // A value above 9 sets the top bit, by itself or by the sum; a carry disturbs only bytes after it.
        let values = word ^ zeros
        return (values &+ 0x7676_7676_7676_7676 | values) & 0x8080_8080_8080_8080
    }

    /// Whether all eight bytes are digits.
    @inline(__always)
    static func isDigits(_ word: UInt64) -> Bool { firstNonDigitTops(of: word) == 0 }

    /// The number that eight digits spell.
    @inline(__always)
    static func value(ofText word: UInt64) -> UInt64 { value(ofDigits: word ^ zeros) }

    /// How many of the eight bytes, counted from the first, are digits.
    @inline(__always)
    static func leadingDigitCount(of word: UInt64) -> Int { firstNonDigitTops(of: word).trailingZeroBitCount &>> 3 }

    /// So many, and the number that they spell.
    @inline(__always)
    static func leadingDigits(of word: UInt64) -> (count: Int, value: UInt64) {
        let count = leadingDigitCount(of: word)
        return (count, value(of: word, digitCount: count))
    }

    /// The word with the bytes from `index` on, 0 ≤ `index` < 8, taken from another.
    @inline(__always)
    static func replacingTail(of word: UInt64, from index: Int, with other: UInt64) -> UInt64 {
        let tail = UInt64.max &<< UInt64(truncatingIfNeeded: 8 &* index)
        return word ^ (word ^ other) & tail
    }

    /// The number that the first `digitCount` bytes spell, 0 ≤ `digitCount` ≤ 8.
    @inline(__always)
    static func value(of word: UInt64, digitCount: Int) -> UInt64 {
        // In two steps, since a shift by all 64 bits is none.
        let shift = UInt64(truncatingIfNeeded: 32 &- 4 &* digitCount)
        return value(ofDigits: ((word ^ zeros) &<< shift) &<< shift)
    }

    /// The number that eight digit values spell.
    @inline(__always)
    static func value(ofDigits digits: UInt64) -> UInt64 {
        let pairs = digits &* 10 &+ (digits &>> 8)
        let mask: UInt64 = 0x0000_00FF_0000_00FF
        let first = (pairs & mask) &* 0x000F_4240_0000_0064
        let second = (pairs &>> 16 & mask) &* 0x0000_2710_0000_0001
        return (first &+ second) &>> 32
    }

    /// The eight digit values of a number below 10^8.
    @inline(__always)
    static func digits(of number: UInt32) -> UInt64 {
        let thousands = UInt64(number / 10000)
        let halves = thousands | (UInt64(number) &- thousands &* 10000) &<< 32
        let hundreds = ((halves &* 10486) &>> 20) & 0x0000_007F_0000_007F
        let quarters = hundreds | (halves &- hundreds &* 100) &<< 16
        let tens = ((quarters &* 103) &>> 10) & 0x000F_000F_000F_000F
        return tens | (quarters &- tens &* 10) &<< 8
    }

    /// The digits as text.
    @inline(__always)
    static func text(ofDigits digits: UInt64) -> UInt64 { digits | zeros }
}
