import GraphIR
import Tensors

/// Each element as text.
///
/// - Shapes: [A…] of any type → string [A…]. Floats have six digits behind the point unless `precision`, `scientific` or
///   `shortest` say otherwise; `width` and `fill` (a blank, 0, + or -) are those of `printf`.
/// - Source: TensorFlow operator AsString.
struct AsString: DynamicOperator {
    /// Longer texts are no numbers that anybody reads; a width is taken for each element.
    private static let widthLimit = 4096

    private let type: ElementType
    private let printed: PrintedNumber
    private let width: Int
    private let isLeft: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let type = try reader.elementType("T") else { throw .invalidAttribute(name: "T", reason: "is missing") }
        self.type = type
        width = try reader.integer("width", default: -1)
        let fill = try reader.string("fill", default: "")
        let precision = try reader.integer("precision", default: -1)
        let scientific = try reader.flag("scientific", default: false), shortest = try reader.flag("shortest", default: false)
        let isFloat = type.isFloatingPoint || type.isComplex
        guard isFloat || !(scientific || shortest) else {
            throw .invalidAttribute(name: "scientific", reason: "and shortest format not supported for datatype \(type)")
        }
        guard isFloat || precision < 0 else {
            throw .invalidAttribute(name: "precision", reason: "not supported for datatype \(type)")
        }
        guard !(scientific && shortest) else {
            throw .invalidAttribute(name: "scientific", reason: "and shortest cannot both be selected")
        }
        guard ["", " ", "0", "+", "-"].contains(fill) else {
            throw .invalidAttribute(name: "fill", reason: "argument not supported: \"\(fill)\"")
        }
        guard width <= Self.widthLimit, precision <= Self.widthLimit else { throw .unsupported("a width over \(Self.widthLimit)") }
        isLeft = fill == "-"
        let field = (width > -1 ? fill + String(width) : "") + (precision > -1 ? ".\(precision)" : "")
        let conversion: String
        switch type {
        case _ where isFloat: conversion = shortest ? "g" : scientific ? "e" : "f"
        case .uint8, .uint16, .uint32, .uint64: conversion = "llu"
        default: conversion = "lld"
        }
        // "%0" with nothing behind it is no width.
        printed = PrintedNumber(format: "%" + field + conversion)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(.string, try inputs.tensor(0).shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwise() }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let builder = try TextBuilder(context, capacity: try context.elements(0).count)
        switch try context.elements(0) {
        case .strings(let texts): for text in texts.elements { try builder.append(padded(text)) }
        case .dense(let view): try write(view, to: builder)
        }
        return [try builder.tensor(try context.elements(0).shape)]
    }

    private func padded(_ text: [UInt8]) -> [UInt8] {
        guard text.count < width else { return text }
        let blanks = [UInt8](repeating: UInt8(ascii: " "), count: width - text.count)
        return isLeft ? text + blanks : blanks + text
    }

    private func write(_ view: TensorView, to builder: TextBuilder) throws(OperatorError) {
        switch view.elementType {
        case .bool: for flag in view.bytes { try builder.append(Array((flag != 0 ? "true" : "false").utf8)) }
        case .float32: for value in view.values(Float.self) { try builder.append(printed(Double(value))) }
        case .float64: for value in view.values(Double.self) { try builder.append(printed(value)) }
        case .float16:
            for bits in view.halves { try builder.append(printed(Double(HalfPrecision.float(fromBinary16: bits)))) }
        case .bfloat16:
            for bits in view.halves { try builder.append(printed(Double(HalfPrecision.float(fromBFloat16: bits)))) }
        case .complex64:
            for value in view.values(Complex<Float>.self) {
                try builder.append(pair(Double(value.real), Double(value.imaginary)))
            }
        case .complex128:
            for value in view.values(Complex<Double>.self) { try builder.append(pair(value.real, value.imaginary)) }
        case .uint64: for value in view.values(UInt64.self) { try builder.append(printed(value)) }
        default:
            guard let values = view.integers else { throw .unsupported("text of elements of type \(view.elementType)") }
            for value in values { try builder.append(printed(Int64(value))) }
        }
    }

    private func pair(_ real: Double, _ imaginary: Double) -> [UInt8] {
        [UInt8(ascii: "(")] + printed(real) + [UInt8(ascii: ",")] + printed(imaginary) + [UInt8(ascii: ")")]
    }
}

extension TensorView {
    /// The bits of 16-bit elements.
    var halves: [UInt16] {
        let start = baseAddress.assumingMemoryBound(to: UInt16.self)
        return elementType.byteCount == 2 ? (0..<elementCount).map { start[$0] } : []
    }
}
