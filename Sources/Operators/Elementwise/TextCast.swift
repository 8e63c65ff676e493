import GraphIR
import Tensors

/// Converts every element to or from a string.
///
/// - Numbers are written as NumPy writes them (`PlainNumber`), bools as `True` and `False`.
/// - White space may stand around a number that is read, and `inf` and `nan` be in any letter case. For an integer a float's text
///   is cut towards zero; for a bool every number but 0 is true, and so is `true` in any letter case. What is no number, or none of
///   the type, is refused.
///   Integers of 2 and 4 bits must be in range, too; other `NarrowType`s are limited as `rounding` says.
/// - Source: ONNX Cast (opset 1–25) and CastLike (opset 15–25).
struct TextCast: DynamicOperator {
    /// nil for the type of input 1, whose contents do not matter.
    let target: ElementType?
    var rounding = NarrowType.Rounding()

    var name: String { target == nil ? "CastLike" : "Cast" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = target == nil ? 2 : 1
        try inputs.checkCount(count...count)
        let source = try inputs.tensor(0)
        let type: ElementType
        if let target { type = target } else { type = try inputs.tensor(1).elementType }
        guard !source.elementType.isComplex, !type.isComplex else {
            throw .unsupported("a cast from \(source.elementType) to \(type)")
        }
        guard source.elementType == .string || type == .string else {
            throw .invalidInput(index: 0, reason: "is \(source), expected strings for a cast to \(type)")
        }
        return [ValueFact(type, source.shape)]
    }

    /// Of the second operand only the type matters.
    func rows(_ inputs: RowInputs) -> RowFlow { .all(inputs[0] ?? .shared, of: inputs) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let type = try target ?? context.elements(1).elementType
        switch try context.elements(0) {
        case .strings(let texts):
            if type == .string { return [.strings(texts)] }
            return [.tensor(try read(texts, type, context))]
        case .dense(let view):
            guard type == .string else {
                throw OperatorError.invalidInput(index: 0, reason: "is \(view.spec), expected strings for a cast to \(type)")
            }
            let builder = try TextBuilder(context, capacity: view.elementCount)
            try write(view, to: builder)
            return [try builder.tensor(view.shape)]
        }
    }

    // MARK: Writing

    private func write(_ view: TensorView, to builder: TextBuilder) throws(OperatorError) {
        switch view.elementType {
        case .bool: for flag in view.bytes { try builder.append(Array((flag != 0 ? "True" : "False").utf8)) }
        case .float32: for value in view.values(Float.self) { try builder.append(PlainNumber.text(value)) }
        case .float64: for value in view.values(Double.self) { try builder.append(PlainNumber.text(value)) }
        case .float16:
            for bits in view.halves {
                let value = HalfPrecision.float(fromBinary16: bits)
                try builder.append(PlainNumber.text(half: value) { HalfPrecision.binary16(from: $0) == bits })
            }
        case .bfloat16:
            for bits in view.halves {
                let value = HalfPrecision.float(fromBFloat16: bits)
                try builder.append(PlainNumber.text(half: value) { HalfPrecision.bfloat16(from: $0) == bits })
            }
        case .uint64: for value in view.values(UInt64.self) { try builder.append(Array(String(value).utf8)) }
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1:
            guard let narrow = view.elementType.narrow else { return }
            for code in view.bytes {
                try builder.append(PlainNumber.text(half: narrow.value(of: code)) { narrow.code(of: Double($0)) == code })
            }
        default:
            guard let values = view.integers else { throw .unsupported("a cast from \(view.elementType) to string") }
            for value in values { try builder.append(Array(String(value).utf8)) }
        }
    }

    // MARK: Reading

    private func read(_ texts: StringTensor, _ type: ElementType, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        switch type {
        case .float32: return try read(texts, type, context) { NumberText.float($0) }
        case .float64: return try read(texts, type, context) { NumberText.double($0) }
        case .float16: return try read(texts, type, context) { NumberText.float($0).map(HalfPrecision.binary16) }
        case .bfloat16: return try read(texts, type, context) { NumberText.float($0).map(HalfPrecision.bfloat16) }
        case .int8: return try read(texts, type, context) { Self.integer($0, Int8.self) }
        case .int16: return try read(texts, type, context) { Self.integer($0, Int16.self) }
        case .int32: return try read(texts, type, context) { Self.integer($0, Int32.self) }
        case .int64: return try read(texts, type, context) { Self.integer($0, Int64.self) }
        case .uint8: return try read(texts, type, context) { Self.integer($0, UInt8.self) }
        case .uint16: return try read(texts, type, context) { Self.integer($0, UInt16.self) }
        case .uint32: return try read(texts, type, context) { Self.integer($0, UInt32.self) }
        case .uint64: return try read(texts, type, context) { Self.integer($0, UInt64.self) }
        case .bool: return try read(texts, type, context, Self.flag)
        case .complex64, .complex128, .string: throw .unsupported("a cast from string to \(type)")
        case let other:
            guard let narrow = other.narrow else { throw .unsupported("a cast from string to \(type)") }
            return try read(texts, type, context) { Self.code($0, narrow, rounding) }
        }
    }

    /// - Parameter convert: to the bits of an element; nil for what is no number of the type.
    private func read<Bits: BitwiseCopyable>(
        _ texts: StringTensor, _ type: ElementType, _ context: EvaluationContext, _ convert: (ArraySlice<UInt8>) -> Bits?
    ) throws(OperatorError) -> Tensor {
        let result = try context.zeros(TensorSpec(type, texts.shape))
        let numbers = result.storage.baseAddress.assumingMemoryBound(to: Bits.self)
        for (place, text) in texts.elements.enumerated() {
            guard let number = convert(text.trimmed) else {
                throw .invalidValue("\"\(OperatorError.shown(text))\" (element \(place)) is no \(type)")
            }
            numbers[place] = number
        }
        return result
    }

    private static func integer<Value: FixedWidthInteger>(_ text: ArraySlice<UInt8>, _: Value.Type) -> Value? {
        if let exact: Value = NumberText.integer(text) { return exact }
        return NumberText.double(text).flatMap { Value(exactly: $0.rounded(.towardZero)) }
    }

    private static func code(_ text: ArraySlice<UInt8>, _ type: NarrowType, _ rounding: NarrowType.Rounding) -> UInt8? {
        guard let range = type.range else { return NumberText.float(text).map { type.code(of: Double($0), rounding) } }
        return integer(text, Int64.self).flatMap { range.contains(Int($0)) ? type.code(of: $0) : nil }
    }

    private static func flag(_ text: ArraySlice<UInt8>) -> UInt8? {
        switch String(decoding: text, as: UTF8.self).lowercased() {
        case "true": 1
        case "false": 0
        default: NumberText.double(text).map { $0 == 0 ? 0 : 1 }
        }
    }
}
