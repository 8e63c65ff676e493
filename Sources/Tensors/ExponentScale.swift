/// E8M0: 8 bits that are the exponent of a power of two, 2⁻¹²⁷ to 2¹²⁷, without sign and zero; 255 is NaN.
///
/// - Source: OCP Microscaling Formats 1.0, 5.4.1; ONNX operator Cast, opset 24.
package enum ExponentScale {
    /// Which power a number between two of them becomes.
    package enum Rounding: String, CaseIterable, Sendable {
        case up, down
        /// The nearer one; half-way it is the larger one.
        case nearest
    }

    private static let bias = 127
    private static let nan: UInt8 = 255
    private static let largest: UInt8 = 254

    /// The number of a code, which float32 holds exactly.
    package static func value(of code: UInt8) -> Float {
        code == nan ? .nan : Float(sign: .plus, exponent: Int(code) - bias, significand: 1)
    }

    /// The code of a number; NaN for one below 0, which no power of two is near to.
    ///
    /// - Parameter saturates: whether what lies beyond the range (0 and infinity, too) becomes its nearest end; else it becomes NaN.
    package static func code(of value: Double, rounding: Rounding, saturates: Bool) -> UInt8 {
        guard value >= 0 else { return nan }
        guard value >= 0x1p-127 else { return saturates ? 0 : nan }
        guard value <= 0x1p127 else { return saturates ? largest : nan }
        let isRaised =
            switch rounding {
            case .up: value.significand > 1
            case .nearest: value.significand >= 1.5
            case .down: false
            }
        return UInt8(Int(value.exponent) + bias + (isRaised ? 1 : 0))
    }
}
