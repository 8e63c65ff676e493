import GraphIR
import Tensors

/// A template whose placeholders are replaced by summaries of tensors.
///
/// - Shapes: any number of tensors → string []. A summary shows `summarize` elements at both ends of each axis (all when it is
///   negative), strings in quotes.
/// - Source: TensorFlow operator StringFormat.
struct StringFormat: DynamicOperator {
    /// The template's parts between placeholders.
    private let parts: [[UInt8]]
    private let edgeCount: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        let template = Array(try reader.string("template", default: "%s").utf8)
        let placeholder = Array(try reader.string("placeholder", default: "%s").utf8)
        edgeCount = try reader.integer("summarize", default: 3)
        guard !placeholder.isEmpty else { throw .invalidAttribute(name: "placeholder", reason: "is empty") }
        var parts: [[UInt8]] = [[]], position = 0
        while position < template.count {
            if template[position...].starts(with: placeholder) {
                parts.append([])
                position += placeholder.count
            } else {
                parts[parts.count - 1].append(template[position])
                position += 1
            }
        }
        self.parts = parts
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count == parts.count - 1 else {
            throw .invalidAttribute(
                name: "template", reason: "has \(parts.count - 1) placeholders, the node \(inputs.count) inputs; they must match")
        }
        return [ValueFact(.string, Shape.scalar)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let builder = try TextBuilder(context, capacity: 1)
        var text = parts[0]
        for (index, part) in parts.dropFirst().enumerated() {
            let before = text.count
            try TensorSummary(edgeCount: edgeCount).write(try context.elements(index), to: &text)
            text += part
            try builder.charge(text.count - before)
        }
        try builder.append(text)
        return [try builder.tensor(.scalar)]
    }
}

/// A tensor's elements as text, those in the middle left out.
struct TensorSummary {
    /// Elements shown at both ends of each axis; negative: all.
    let edgeCount: Int

    func write(_ elements: ElementList, to text: inout [UInt8]) throws(OperatorError) {
        let count = elements.count
        let edges = edgeCount < 0 ? count : min(edgeCount, count)
        let element = try printer(elements)
        write(axis: 0, elements.shape, edges, first: 0, element, &text)
    }

    private func write(
        axis: Int, _ shape: Shape, _ edges: Int, first: Int, _ element: (Int) -> [UInt8], _ text: inout [UInt8]
    ) {
        guard axis < shape.rank else {
            text += element(first)
            return
        }
        let extent = shape[axis], step = shape.elementCount(in: axis + 1..<shape.rank)
        text.append(UInt8(ascii: "["))
        for position in 0..<min(edges, extent) {
            if position > 0 { space(axis, shape.rank, &text) }
            write(axis: axis + 1, shape, edges, first: first + position * step, element, &text)
        }
        if extent - edges > edges {
            space(axis, shape.rank, &text)
            text += Array("...".utf8)
        }
        for position in max(edges, extent - edges)..<max(extent, edges) {
            space(axis, shape.rank, &text)
            write(axis: axis + 1, shape, edges, first: first + position * step, element, &text)
        }
        text.append(UInt8(ascii: "]"))
    }

    private func space(_ axis: Int, _ rank: Int, _ text: inout [UInt8]) {
        guard axis < rank - 1 else {
            text.append(UInt8(ascii: " "))
            return
        }
        text += [UInt8](repeating: UInt8(ascii: "\n"), count: rank - axis - 1)
        text += [UInt8](repeating: UInt8(ascii: " "), count: axis + 1)
    }

    /// What writes the element at a position.
    private func printer(_ elements: ElementList) throws(OperatorError) -> (Int) -> [UInt8] {
        switch elements {
        case .strings(let texts): return { [UInt8(ascii: "\"")] + Self.escaped(texts.elements[$0]) + [UInt8(ascii: "\"")] }
        case .dense(let view):
            let base = view.baseAddress
            switch view.elementType {
            case .float32: return { PrintedNumber.shortest(base.load(fromByteOffset: $0 * 4, as: Float.self)) }
            case .float64: return { PrintedNumber.shortest(base.load(fromByteOffset: $0 * 8, as: Double.self)) }
            case .float16:
                return { PrintedNumber.shortest(HalfPrecision.float(fromBinary16: base.load(fromByteOffset: $0 * 2, as: UInt16.self))) }
            case .bfloat16:
                return { PrintedNumber.shortest(HalfPrecision.float(fromBFloat16: base.load(fromByteOffset: $0 * 2, as: UInt16.self))) }
            case .int8: return { Array(String(base.load(fromByteOffset: $0, as: Int8.self)).utf8) }
            case .uint8, .bool: return { Array(String(base.load(fromByteOffset: $0, as: UInt8.self)).utf8) }
            case .int16: return { Array(String(base.load(fromByteOffset: $0 * 2, as: Int16.self)).utf8) }
            case .uint16: return { Array(String(base.load(fromByteOffset: $0 * 2, as: UInt16.self)).utf8) }
            case .int32: return { Array(String(base.load(fromByteOffset: $0 * 4, as: Int32.self)).utf8) }
            case .uint32: return { Array(String(base.load(fromByteOffset: $0 * 4, as: UInt32.self)).utf8) }
            case .int64: return { Array(String(base.load(fromByteOffset: $0 * 8, as: Int64.self)).utf8) }
            case .uint64: return { Array(String(base.load(fromByteOffset: $0 * 8, as: UInt64.self)).utf8) }
            default: return { _ in [UInt8(ascii: "?")] }
            }
        }
    }

    /// Bytes as C writes them in a literal; those beyond ASCII as they are.
    private static func escaped(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "\n"): result += Array("\\n".utf8)
            case UInt8(ascii: "\r"): result += Array("\\r".utf8)
            case UInt8(ascii: "\t"): result += Array("\\t".utf8)
            case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0x20..<0x7F, 0x80...: result.append(byte)
            default:
                let octal = String(byte, radix: 8)
                result += Array(("\\" + String(repeating: "0", count: 3 - octal.count) + octal).utf8)
            }
        }
        return result
    }
}
