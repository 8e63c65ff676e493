extension DecimalToken {
    /// The nearest float, ties to even; beyond the range ±infinity, too small ±0.
    ///
    /// - Parameter text: where the token lies, for the few that need all their digits.
    @inline(__always)
    func float(_ text: UnsafeBufferPointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Float {
        var bits = DecimalConversion.bits(significand, exponent, DecimalConversion.Binary32.self, table)
        if isTruncated { bits = correctingTruncation(bits, text, DecimalConversion.Binary32.self, table) }
        return Float(bitPattern: UInt32(truncatingIfNeeded: bits) | (isNegative ? 1 << 31 : 0))
    }

    @inline(__always)
    func double(_ text: UnsafeBufferPointer<UInt8>, _ table: UnsafePointer<UInt64>) -> Double {
        var bits = DecimalConversion.bits(significand, exponent, DecimalConversion.Binary64.self, table)
        if isTruncated { bits = correctingTruncation(bits, text, DecimalConversion.Binary64.self, table) }
        return Double(bitPattern: bits | (isNegative ? 1 << 63 : 0))
    }

    /// Whether the nearest double is infinite: such a number is none in this dialect of JSON.
    @inline(never)
    func isBeyondDouble(_ text: UnsafeBufferPointer<UInt8>) -> Bool { double(text, PowersOfFive.table).isInfinite }

    /// The bits of the nearest value of a 16-bit format.
    ///
    /// The nearest double is rounded once more, unless it lies exactly between two values of the format: then the double may
    /// itself come from rounding, and all digits decide.
    func bits16(_ text: UnsafeBufferPointer<UInt8>, _ table: UnsafePointer<UInt64>, _ format: BinaryFormat) -> UInt16 {
        let magnitude = double(text, table).magnitude
        let sign: UInt16 = isNegative ? 0x8000 : 0
        guard magnitude.isFinite else { return sign | UInt16(truncatingIfNeeded: format.infinity) }
        guard magnitude > 0 else { return sign }
        let significand = magnitude.significandBitPattern | (magnitude.isNormal ? 1 << 52 : 0)
        let exponent = Int(max(magnitude.exponentBitPattern, 1)) - 1075
        // Half a step to either side cannot cross a boundary of the coarser format, since that is a double itself.
        let below = format.round(significand << 1 - 1, exponent: exponent - 1, isTruncated: false)
        let above = format.round(significand << 1 + 1, exponent: exponent - 1, isTruncated: false)
        let bits = below == above ? below : ExactDecimal.bits(of: text, format: format)
        return sign | UInt16(truncatingIfNeeded: bits)
    }

    /// The cut digits matter only when the next significand gives another float.
    @inline(never)
    private func correctingTruncation<T: DecimalConversion.Target>(
        _ bits: UInt64, _ text: UnsafeBufferPointer<UInt8>, _: T.Type, _ table: UnsafePointer<UInt64>
    ) -> UInt64 {
        let above = DecimalConversion.bits(significand + 1, exponent, T.self, table)
        return above == bits ? bits : ExactDecimal.bits(of: text, format: T.format)
    }

    /// The value of an integer literal; nil when it has a decimal point or an exponent or does not fit.
    @inline(__always)
    func integer<Value: FixedWidthInteger>(_ text: UnsafeBufferPointer<UInt8>, _: Value.Type) -> Value? {
        guard isInteger else { return nil }
        guard !isTruncated else { return wholeInteger(text).flatMap { Value(exactly: $0) } }
        guard isNegative else { return Value(exactly: significand) }
        guard significand <= UInt64(Int64.max) else {
            return significand == UInt64(Int64.max) + 1 ? Value(exactly: Int64.min) : nil
        }
        return Value(exactly: -Int64(significand))
    }

    /// An integer literal of twenty digits, as long as 64 bits without a sign can hold it.
    private func wholeInteger(_ text: UnsafeBufferPointer<UInt8>) -> UInt64? {
        guard exponent == 1, !isNegative, let last = text.last else { return nil }
        let (tens, overflow) = significand.multipliedReportingOverflow(by: 10)
        let (whole, carried) = tens.addingReportingOverflow(UInt64(last &- UInt8(ascii: "0")))
        return overflow || carried ? nil : whole
    }
}
