/// Floats as TensorFlow Serving writes them: six significant digits in the manner of C's `%g` when those read back to the same
/// value, else `%.9g` (float) or `%.17g` (double); `.0` is appended to what would look like an integer.
///
/// Digits come from one multiplication with a power of ten; when its truncated rest could change the rounding, whole numbers of
/// any size decide. Every digit is the one that exact arithmetic gives, ties to even.
enum FloatText {
    /// What a writer may touch, whatever the length that it returns.
    static let maximumFloatByteCount = 24
    static let maximumDoubleByteCount = 32

    /// Writes `value` at `target`, where `maximumFloatByteCount` bytes are free.
    ///
    /// - Parameter table: `FloatScales.table`.
    /// - Returns: the bytes of the text.
    @inline(__always)
    static func write(_ value: Float, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
        let bits = value.bitPattern
        let field = Int(bits >> 23 & 0xFF)
        guard field > 0, field < 0xFF else { return unsafe writeUncommon(Double(value), isFloat: true, to: target) }
        unsafe target.pointee = UInt8(ascii: "-")
        let isNegative = Int(bits >> 31)
        let (digits, decade, isShort) = unsafe FloatDigits.nine(bits & 0x7F_FFFF | 1 << 23, field: field, table)
        let text = unsafe target + isNegative
        let first = UInt8(truncatingIfNeeded: digits / 100_000_000)
        let rest = DigitWords.digits(of: digits % 100_000_000)
        return unsafe isNegative &+ NumberLayout.write9(first: first, rest: rest, decade: decade, isShort: isShort, to: text, table)
    }

    /// Writes `value` at `target`, where `maximumDoubleByteCount` bytes are free.
    @inline(__always)
    static func write(_ value: Double, to target: UnsafeMutablePointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Int {
        let bits = value.bitPattern
        let field = Int(bits >> 52 & 0x7FF)
        guard field > 0, field < 0x7FF else { return unsafe writeUncommon(value, isFloat: false, to: target) }
        let significand = bits & (1 << 52 - 1) | 1 << 52
        unsafe target.pointee = UInt8(ascii: "-")
        let isNegative = Int(bits >> 63)
        let (digits, decade, isShort) = unsafe FloatDigits.seventeen(significand, exponent: field &- 1075, table)
        return unsafe isNegative &+ NumberLayout.write(digits, decade: decade, isShort: isShort, to: target + isNegative)
    }

    /// Zeros, subnormal values, infinities and NaN.
    @inline(never)
    private static func writeUncommon(_ value: Double, isFloat: Bool, to target: UnsafeMutablePointer<UInt8>) -> Int {
        if value.isNaN { return unsafe write("NaN", to: target) }
        let isNegative = value.sign == .minus
        if value.isInfinite { return unsafe write(isNegative ? "-Infinity" : "Infinity", to: target) }
        if value == 0 { return unsafe write(isNegative ? "-0.0" : "0.0", to: target) }
        // A subnormal float is a normal double, but its digits are those of the float's precision.
        let magnitude = value.magnitude
        let significand = magnitude.significandBitPattern | (magnitude.isNormal ? 1 << 52 : 0)
        let exponent = Int(max(magnitude.exponentBitPattern, 1)) - 1075
        unsafe target.pointee = UInt8(ascii: "-")
        let (digits, decade, isShort) = FloatDigits.exact(significand, exponent: exponent, isFloat: isFloat)
        return unsafe (isNegative ? 1 : 0)
            + NumberLayout.write(digits, decade: decade, isShort: isShort, to: target + (isNegative ? 1 : 0))
    }

    private static func write(_ text: StaticString, to target: UnsafeMutablePointer<UInt8>) -> Int {
        unsafe target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return text.utf8CodeUnitCount
    }
}
