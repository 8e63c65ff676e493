extension DecimalToken {
    /// The nearest float, ties to even; beyond the range ±infinity, too small ±0.
    ///
    /// - Parameter text: where the token lies, for the few that need all their digits.
    /// - Returns: nil when even the nearest double is infinite: such a number is none in this dialect of JSON.
    @inline(__always)
    func float(_ text: UnsafeBufferPointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Float? {
        let magnitude: Float
        if let double = unsafe nearQuotient(table), (double.bitPattern & 0x1FFF_FFFF) &- 0x0FFF_FFFE > 4 {
            magnitude = Float(double)
        } else {
            magnitude = unsafe Self.float(significand, exponent, isTruncated: isTruncated, text, table)
            if magnitude.isInfinite, unsafe isBeyondDouble(text) { return nil }
        }
        return Float(bitPattern: magnitude.bitPattern | (isNegative ? 1 << 31 : 0))
    }

    /// The nearest double, ties to even; nil when it is infinite.
    @inline(__always)
    func double(_ text: UnsafeBufferPointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Double? {
        let magnitude: Double
        if let double = unsafe exactQuotient(table) {
            magnitude = double
        } else {
            magnitude = unsafe Self.double(significand, exponent, isTruncated: isTruncated, text, table)
            if magnitude.isInfinite { return nil }
        }
        return Double(bitPattern: magnitude.bitPattern | (isNegative ? 1 << 63 : 0))
    }

    @inline(never)
    private static func float(
        _ significand: UInt64, _ exponent: Int, isTruncated: Bool, _ text: UnsafeBufferPointer<UInt8>,
        _ table: UnsafePointer<UInt64>
    ) -> Float {
        var bits = unsafe DecimalConversion.bits(significand, exponent, DecimalConversion.Binary32.self, table)
        if isTruncated, DecimalConversion.float(significand + 1, exponent: exponent).bitPattern != bits {
            // The digits that were cut off decide.
            bits = unsafe ExactDecimal.bits(of: text, format: .binary32)
        }
        return Float(bitPattern: UInt32(truncatingIfNeeded: bits))
    }

    @inline(never)
    private static func double(
        _ significand: UInt64, _ exponent: Int, isTruncated: Bool, _ text: UnsafeBufferPointer<UInt8>,
        _ table: UnsafePointer<UInt64>
    ) -> Double {
        var bits = unsafe DecimalConversion.bits(significand, exponent, DecimalConversion.Binary64.self, table)
        if isTruncated, DecimalConversion.double(significand + 1, exponent: exponent).bitPattern != bits {
            bits = unsafe ExactDecimal.bits(of: text, format: .binary64)
        }
        return Double(bitPattern: bits)
    }

    /// The nearest double by one division of two numbers that doubles hold exactly (W. D. Clinger, "How to Read Floating Point
    /// Numbers Accurately", 1990); nil when they do not. No sign.
    @inline(__always)
    private func exactQuotient(_ table: UnsafePointer<UInt64>) -> Double? {
        // 2^53 would do; but texts of sixteen and seventeen digits come together, and had better go one way.
        guard significand <= 1 << 50, UInt(bitPattern: exponent &+ 22) <= 22 else { return nil }
        return unsafe Double(Int64(truncatingIfNeeded: significand)) / PowersOfFive.exactTen(table, toThe: 0 &- exponent)
    }

    /// A double less than two and a half units of its last place away from the value: the significand is rounded, then the
    /// quotient, and digits that were cut off count less than a hundredth of a unit. Nil when a power of ten is not exact. No sign.
    ///
    /// So it rounds to the nearest float unless that many units around it two floats are equally near: those points have a one
    /// and then zeros in the 29 bits that a float has not.
    @inline(__always)
    private func nearQuotient(_ table: UnsafePointer<UInt64>) -> Double? {
        guard significand &>> 63 == 0, UInt(bitPattern: exponent &+ 22) <= 22 else { return nil }
        return unsafe Double(Int64(truncatingIfNeeded: significand)) / PowersOfFive.exactTen(table, toThe: 0 &- exponent)
    }

    /// Whether even the nearest double is infinite.
    @inline(never)
    func isBeyondDouble(_ text: UnsafeBufferPointer<UInt8>) -> Bool { unsafe double(text, PowersOfFive.table) == nil }

    /// The bits of the nearest value of a 16-bit format; nil when even the nearest double is infinite.
    ///
    /// The nearest double is rounded once more, unless it lies exactly between two values of the format: then the double may
    /// itself come from rounding, and all digits decide.
    func bits16(
        _ text: UnsafeBufferPointer<UInt8>, _ table: UnsafePointer<UInt64>, _ format: BinaryFormat
    ) -> UInt16? {
        guard let magnitude = unsafe double(text, table)?.magnitude else { return nil }
        let sign: UInt16 = isNegative ? 0x8000 : 0
        guard magnitude > 0 else { return sign }
        let significand = magnitude.significandBitPattern | (magnitude.isNormal ? 1 << 52 : 0)
        let exponent = Int(max(magnitude.exponentBitPattern, 1)) - 1075
        // Half a step to either side cannot cross a boundary of the coarser format, since that is a double itself.
        let below = format.round(significand << 1 - 1, exponent: exponent - 1, isTruncated: false)
        let above = format.round(significand << 1 + 1, exponent: exponent - 1, isTruncated: false)
        let bits = unsafe below == above ? below : ExactDecimal.bits(of: text, format: format)
        return sign | UInt16(truncatingIfNeeded: bits)
    }

    /// The value of an integer literal; nil when it has a decimal point or an exponent or does not fit.
    @inline(__always)
    func integer<Value: FixedWidthInteger>(_ text: UnsafeBufferPointer<UInt8>, _: Value.Type) -> Value? {
        guard isInteger else { return nil }
        guard !isTruncated else { return unsafe wholeInteger(text).flatMap { Value(exactly: $0) } }
        guard isNegative else { return Value(exactly: significand) }
        guard significand <= UInt64(Int64.max) else {
            return significand == UInt64(Int64.max) + 1 ? Value(exactly: Int64.min) : nil
        }
        return Value(exactly: -Int64(significand))
    }

    /// An integer literal of twenty digits, as long as 64 bits without a sign can hold it.
    private func wholeInteger(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        guard exponent == 1, !isNegative, let last = unsafe text.last else { return nil }
        let (tens, overflow) = significand.multipliedReportingOverflow(by: 10)
        let (whole, carried) = tens.addingReportingOverflow(UInt64(last &- UInt8(ascii: "0")))
        return overflow || carried ? nil : whole
    }
}
