/// Integers in decimal.
enum IntegerText {
    /// "-9223372036854775808"
    static let maximumByteCount = 20

    /// Writes `value` at `target`, where `maximumByteCount` bytes are free, and returns the bytes of the text.
    @inline(__always)
    static func write<Value: FixedWidthInteger>(_ value: Value, to target: UnsafeMutablePointer<UInt8>) -> Int {
        unsafe target.pointee = UInt8(ascii: "-")
        let signCount = value < 0 ? 1 : 0
        return unsafe signCount &+ write(UInt64(value.magnitude), to: target + signCount)
    }

    @inline(__always)
    private static func write(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        if value < 10 {
            unsafe target.pointee = UInt8(truncatingIfNeeded: value) &+ UInt8(ascii: "0")
            return 1
        }
        guard value >= 100_000_000 else { return unsafe writeShort(UInt32(truncatingIfNeeded: value), to: target) }
        return unsafe writeLong(value, to: target)
    }

    /// Without leading zeros, below 10^8.
    @inline(__always)
    private static func writeShort(_ value: UInt32, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let digits = DigitWords.digits(of: value)
        let leading = min(digits.trailingZeroBitCount &>> 3, 7)
        let text = DigitWords.text(ofDigits: digits) &>> UInt64(truncatingIfNeeded: 8 &* leading)
        unsafe UnsafeMutableRawPointer(target).storeBytes(of: text.littleEndian, as: UInt64.self)
        return 8 &- leading
    }

    @inline(never)
    private static func writeLong(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let (upper, lower) = value.quotientAndRemainder(dividingBy: 100_000_000)
        let count = unsafe write(upper, to: target)
        let text = DigitWords.text(ofDigits: DigitWords.digits(of: UInt32(truncatingIfNeeded: lower)))
        unsafe UnsafeMutableRawPointer(target + count).storeBytes(of: text.littleEndian, as: UInt64.self)
        return count + 8
    }
}
