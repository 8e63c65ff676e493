import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Numbers that texts say.
///
/// White space may stand around a number; floats may be hexadecimal, infinite or NaN and become infinite when they are too large.
enum NumberText {
    /// - Returns: nil when the text is no number of the type.
    static func float(_ text: ArraySlice<UInt8>) -> Float? { parse(text) { strtof($0, $1) } }

    static func double(_ text: ArraySlice<UInt8>) -> Double? { parse(text) { strtod($0, $1) } }

    private static func parse<Value>(
        _ text: ArraySlice<UInt8>,
        _ convert: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
    ) -> Value? {
        // What the library takes beyond plain numbers: "nan(…)" and white space of its own in front.
        guard let first = text.first, !first.isSpace, !text.contains(where: { $0 == 0 || $0 == UInt8(ascii: "(") }) else { return nil }
        let terminated = text.map { CChar(bitPattern: $0) } + [0]
        return terminated.withUnsafeBufferPointer { buffer -> Value? in
            guard let start = buffer.baseAddress else { return nil }
            var end: UnsafeMutablePointer<CChar>?
            let value = convert(start, &end)
            guard let end, UnsafePointer(end) == start + text.count else { return nil }
            return value
        }
    }

    static func integer<Value: FixedWidthInteger>(_ text: ArraySlice<UInt8>, _: Value.Type = Value.self) -> Value? {
        var digits = text[...]
        var isNegative = false
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            digits = digits.dropFirst()
        }
        guard !digits.isEmpty, Value.isSigned || !isNegative else { return nil }
        var value: Value = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let digit = Value(byte - UInt8(ascii: "0"))
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflow, !overflow2 else { return nil }
            value = sum
        }
        return value
    }
}

/// The number that each string says.
///
/// - Shapes: string [A…] → numbers [A…] of float32, float64, int32, int64, uint32 or uint64.
/// - Source: TensorFlow operator StringToNumber.
enum StringToNumber {
    static let spelling = OperatorSpelling.tensorFlow("StringToNumber") { reader throws(OperatorError) in
        switch try reader.elementType("out_type") ?? .float32 {
        case .float32: return make { NumberText.float($0) }
        case .float64: return make { NumberText.double($0) }
        case .int32: return make { NumberText.integer($0, Int32.self) }
        case .int64: return make { NumberText.integer($0, Int64.self) }
        case .uint32: return make { NumberText.integer($0, UInt32.self) }
        case .uint64: return make { NumberText.integer($0, UInt64.self) }
        case let other: throw .invalidAttribute(name: "out_type", reason: "is \(other), which no text is converted to")
        }
    }

    private static func make<Scalar: TensorScalar>(
        _ convert: @escaping @Sendable (ArraySlice<UInt8>) -> Scalar?
    ) -> TextMeasure<Scalar> {
        TextMeasure("StringToNumber") { text throws(OperatorError) in
            guard let value = convert(text.trimmed) else {
                throw .invalidValue("StringToNumberOp could not correctly convert string: \(OperatorError.shown(text))")
            }
            return value
        }
    }
}
