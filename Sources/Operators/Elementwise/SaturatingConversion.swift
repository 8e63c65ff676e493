extension FixedWidthInteger {
    /// The integer part, the nearest end of the range beyond it, 0 for NaN.
    @inline(__always)
    init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= Double(sign: .plus, exponent: Self.bitWidth - (Self.isSigned ? 1 : 0), significand: 1) {
            self = .max
        } else if value <= (Self.isSigned ? -Double(sign: .plus, exponent: Self.bitWidth - 1, significand: 1) : 0) {
            self = .min
        } else {
            self = Self(value)
        }
    }
}
