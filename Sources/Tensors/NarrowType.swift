/// An element type of 8 bits or fewer that no type of the language stands for.
///
/// In memory each element has a byte of its own: its code, with zeros above it where the code has fewer than 8 bits. Files pack the
/// codes of 2 and 4 bits; see `PackedCodes`.
package enum NarrowType: Sendable, Equatable {
    case float(NarrowFloat)
    case exponent
    case integer(bitWidth: Int, isSigned: Bool)

    /// How numbers become codes; by itself as ONNX's Cast does without attributes.
    package struct Rounding: Sendable, Equatable {
        /// Of floats: whether what lies beyond the range becomes its end.
        package var saturates = true
        package var exponent = ExponentScale.Rounding.up

        package init(saturates: Bool = true, exponent: ExponentScale.Rounding = .up) {
            self.saturates = saturates
            self.exponent = exponent
        }
    }

    /// The number of a code, which float32 holds exactly.
    package func value(of code: UInt8) -> Float {
        switch self {
        case .float(let format): format.value(of: code)
        case .exponent: ExponentScale.value(of: code)
        case .integer: Float(integer(code))
        }
    }

    /// The code of a number. For an integer type it is cut towards zero and loses the bits above the type's; what lies outside int32
    /// becomes 0.
    package func code(of value: Double, _ rounding: Rounding = Rounding()) -> UInt8 {
        switch self {
        case .float(let format): format.code(of: value, saturates: rounding.saturates)
        case .exponent: ExponentScale.code(of: value, rounding: rounding.exponent, saturates: rounding.saturates)
        case .integer: code(of: value.magnitude < 0x1p31 ? Int64(value) : 0, rounding)
        }
    }

    /// The code of an integer, which for an integer type loses the bits above the type's.
    package func code(of value: Int64, _ rounding: Rounding = Rounding()) -> UInt8 {
        guard case .integer(let bitWidth, _) = self else { return code(of: Double(value), rounding) }
        return UInt8(truncatingIfNeeded: value) & (1 << UInt8(bitWidth) - 1)
    }

    /// The integers that an integer type holds; nil for the others.
    package var range: ClosedRange<Int>? {
        guard case .integer(let bitWidth, let isSigned) = self else { return nil }
        return isSigned ? -(1 << (bitWidth - 1))...1 << (bitWidth - 1) - 1 : 0...1 << bitWidth - 1
    }

    /// The numbers of all bytes; those above the last code are numbers of their low bits.
    package var values: [Float] { (0...UInt8.max).map { value(of: $0) } }

    /// - Precondition: an integer type.
    func integer(_ code: UInt8) -> Int {
        guard case .integer(let bitWidth, let isSigned) = self else { preconditionFailure("\(self) has no integers") }
        let unused = UInt8(8 - bitWidth), high = code << unused
        return isSigned ? Int(Int8(bitPattern: high) >> Int8(unused)) : Int(high >> unused)
    }
}

extension ElementType {
    /// What the codes of elements mean; nil for the types that the language has.
    package var narrow: NarrowType? {
        switch self {
        case .float8e4m3fn: .float(.e4m3fn)
        case .float8e4m3fnuz: .float(.e4m3fnuz)
        case .float8e5m2: .float(.e5m2)
        case .float8e5m2fnuz: .float(.e5m2fnuz)
        case .float8e8m0: .exponent
        case .float4e2m1: .float(.e2m1)
        case .int4: .integer(bitWidth: 4, isSigned: true)
        case .uint4: .integer(bitWidth: 4, isSigned: false)
        case .int2: .integer(bitWidth: 2, isSigned: true)
        case .uint2: .integer(bitWidth: 2, isSigned: false)
        default: nil
        }
    }
}
