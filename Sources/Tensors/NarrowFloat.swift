/// A floating-point format of 8 bits or fewer: a sign, a biased exponent, a fraction, from the high bit to the low one.
///
/// - Source: ONNX, "Float stored in 8 bits" and "Float stored in 4 bits"; OCP Microscaling Formats 1.0, 5.3.
package struct NarrowFloat: Sendable, Equatable {
    /// Which codes are no finite numbers.
    package enum Specials: Sendable {
        /// The highest exponent holds the infinities and NaN, as in IEEE 754.
        case infinities
        /// The code of the greatest magnitude is NaN.
        case highestIsNaN
        /// The code that would be −0 is NaN.
        case negativeZeroIsNaN
        case none
    }

    let exponentBits: Int
    let fractionBits: Int
    let bias: Int
    let specials: Specials

    package static let e4m3fn = NarrowFloat(exponentBits: 4, fractionBits: 3, bias: 7, specials: .highestIsNaN)
    package static let e4m3fnuz = NarrowFloat(exponentBits: 4, fractionBits: 3, bias: 8, specials: .negativeZeroIsNaN)
    package static let e5m2 = NarrowFloat(exponentBits: 5, fractionBits: 2, bias: 15, specials: .infinities)
    package static let e5m2fnuz = NarrowFloat(exponentBits: 5, fractionBits: 2, bias: 16, specials: .negativeZeroIsNaN)
    package static let e2m1 = NarrowFloat(exponentBits: 2, fractionBits: 1, bias: 1, specials: .none)

    private var signBit: UInt8 { 1 << UInt8(exponentBits + fractionBits) }
    /// The exponent of the smallest normal number, and of the subnormal ones.
    private var lowestExponent: Int { 1 - bias }
    /// The code of infinity, where there is one: an exponent of ones.
    private var infinity: UInt8 { signBit - 1 << UInt8(fractionBits) }

    /// The code of the largest finite number.
    private var largest: UInt8 {
        switch specials {
        case .infinities: infinity - 1
        case .highestIsNaN: signBit - 2
        case .negativeZeroIsNaN, .none: signBit - 1
        }
    }

    /// The number of a code, which float32 holds exactly.
    package func value(of code: UInt8) -> Float {
        let magnitude = code & (signBit - 1), isNegative = code & signBit != 0
        switch specials {
        case .infinities where magnitude >= infinity: return magnitude > infinity ? .nan : isNegative ? -.infinity : .infinity
        case .highestIsNaN where magnitude == signBit - 1: return .nan
        case .negativeZeroIsNaN where code == signBit: return .nan
        default: break
        }
        let exponent = Int(magnitude >> UInt8(fractionBits)), fraction = Int(magnitude) - exponent << fractionBits
        let units = exponent == 0 ? fraction : fraction + 1 << fractionBits
        let value = Float(sign: .plus, exponent: lowestExponent + max(exponent - 1, 0) - fractionBits, significand: Float(units))
        return isNegative ? -value : value
    }

    /// The code of the nearest number, of two equally near the one with the even fraction.
    ///
    /// - Parameter saturates: whether what lies beyond the range becomes the largest finite number; else it becomes infinity, or NaN
    ///   in formats without infinities. A format without either always saturates, and NaN becomes zero there.
    package func code(of value: Double, saturates: Bool) -> UInt8 {
        let sign = value.sign == .minus ? signBit : 0
        guard !value.isNaN else { return nan(sign: sign) }
        guard let magnitude = roundedMagnitude(value.magnitude), magnitude <= largest else {
            return saturates || specials == .none ? sign | largest : specials == .infinities ? sign | infinity : nan(sign: sign)
        }
        return specials == .negativeZeroIsNaN && magnitude == 0 ? 0 : sign | magnitude
    }

    /// Fractions and exponents follow each other, so that a carry out of the fraction leads to the next exponent. nil for what no
    /// code is large enough for.
    private func roundedMagnitude(_ value: Double) -> UInt8? {
        guard value != 0 else { return 0 }
        guard value < 0x1p64 else { return nil }
        let exponent = max(Int(value.exponent), lowestExponent)
        let unit = Double(sign: .plus, exponent: exponent - fractionBits, significand: 1)
        let units = Int((value / unit).rounded(.toNearestOrEven))
        return UInt8(exactly: (exponent - lowestExponent) << fractionBits + units)
    }

    private func nan(sign: UInt8) -> UInt8 {
        switch specials {
        case .infinities: sign | infinity | 1 << UInt8(fractionBits - 1)
        case .highestIsNaN: sign | (signBit - 1)
        case .negativeZeroIsNaN: signBit
        case .none: sign ^ signBit
        }
    }
}
