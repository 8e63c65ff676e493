/// Eight decimal digits at a time in one 64-bit word, first digit in the lowest byte.
enum DigitWords {
    private static let zeros: UInt64 = 0x3030_3030_3030_3030

    /// 10^exponent for 0 ≤ exponent ≤ 8.
    @inline(__always)
    static func powerOfTen(_ exponent: Int) -> UInt64 {
        switch exponent {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1000
        case 4: 10000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        default: 100_000_000
        }
    }

    /// The bytes at `position`; those at or past `end` read as zero.
    @inline(__always)
    static func load(_ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
        guard end - position >= 8 else { return loadShort(position, end) }
        return UInt64(littleEndian: UnsafeRawPointer(position).loadUnaligned(as: UInt64.self))
    }

    @inline(never)
    private static func loadShort(_ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<max(0, end - position) { word |= UInt64(position[offset]) << UInt64(8 * offset) }
        return word
    }

    /// How many of the eight bytes, counted from the first, are digits, and the number that they spell.
    @inline(__always)
    static func leadingDigits(of word: UInt64) -> (count: Int, value: UInt64) {
        let values = word ^ zeros
        // A byte above 9 sets its top bit, by itself or by the sum; a carry disturbs only bytes after it.
        let others = (values &+ 0x7676_7676_7676_7676 | values) & 0x8080_8080_8080_8080
        let count = others.trailingZeroBitCount &>> 3
        // In two steps, since a shift by all 64 bits is none.
        let shift = UInt64(truncatingIfNeeded: 32 &- 4 &* count)
        return (count, value(ofDigits: (values &<< shift) &<< shift))
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
