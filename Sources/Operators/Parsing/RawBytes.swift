import GraphIR
import Tensors

/// Strings as the numbers that their bytes are.
///
/// - Shapes: DecodeRaw: string [A…], all of one length → [A…, length / width]. DecodePaddedRaw: string [A…], length [] → each
///   string is cut or filled up with zeros to that length.
/// - Source: TensorFlow operators DecodeRaw and DecodePaddedRaw.
struct RawBytes: DynamicOperator {
    let type: ElementType
    let isLittleEndian: Bool
    let isPadded: Bool

    init(_ reader: AttributeReader, isPadded: Bool) throws(OperatorError) {
        type = try reader.requiredType("out_type")
        isLittleEndian = try reader.flag("little_endian", default: true)
        self.isPadded = isPadded
        guard type.isDense else { throw .unsupported("raw strings") }
    }

    var name: String { isPadded ? "DecodePaddedRaw" : "DecodeRaw" }
    var acceptsObjects: Bool { true }
    var shapeOperands: Set<Int> { isPadded ? [1] : [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(isPadded ? 2...2 : 1...1)
        let texts = try inputs.text(0)
        let width: Dimension = inputs[1]?.integers?.first.map { .known(max(0, $0 / type.byteCount)) } ?? .unknown
        return [ValueFact(type, texts.shape.map { SymbolicShape($0.dimensions + [isPadded ? width : .unknown]) })]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        isPadded ? inputs.elementwise() : .mixed("needs strings of one length, which only one request has")
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let texts = try context.strings(0)
        let length = isPadded ? try context.integer(1) : texts.elements.first?.count ?? 0
        if isPadded {
            guard length > 0 else { throw OperatorError.invalidValue("fixed_length (\(length)) must be greater than zero.") }
        } else if let place = texts.elements.firstIndex(where: { $0.count != length }) {
            throw OperatorError.invalidValue(
                "DecodeRaw requires input strings to all be the same size, but element \(place) has size "
                    + "\(texts.elements[place].count) != \(length)"
            )
        }
        guard length % type.byteCount == 0 else {
            throw OperatorError.invalidValue(
                "Input to \(name) has length \(length) that is not a multiple of \(type.byteCount), the size of \(type)")
        }
        guard let shape = Shape(checking: texts.shape.extents + [length / type.byteCount]) else {
            throw OperatorError.invalidValue("the result is too large")
        }
        let word = type.isComplex ? type.byteCount / 2 : type.byteCount
        let result = try context.makeTensor(TensorSpec(type, shape)) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            for (place, text) in texts.elements.enumerated() {
                text.withUnsafeBytes { source in
                    let count = min(length, source.count)
                    for offset in 0..<count {
                        let target = isLittleEndian || word == 1 ? offset : offset / word * word + (word - 1 - offset % word)
                        bytes[place * length + target] = source[offset]
                    }
                }
            }
            if type == .bool { for place in bytes.indices where bytes[place] != 0 { bytes[place] = 1 } }
        }
        return [.tensor(result)]
    }
}

/// Tensors as serialised messages and back.
///
/// - Shapes: SerializeTensor: any tensor → string []; ParseTensor: string [] → the tensor.
/// - Source: TensorFlow operators SerializeTensor and ParseTensor.
struct SerializeTensor: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.tensor(0)
        return [ValueFact(.string, Shape.scalar)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let elements = try context.elements(0)
        let byteCount =
            switch elements {
            case .dense(let view): view.spec.byteCount
            case .strings(let texts): texts.byteCount
            }
        let builder = try TextBuilder(context, capacity: 1)
        try builder.charge(byteCount)
        try builder.append(TensorRecord.bytes(elements))
        return [try builder.tensor(.scalar)]
    }
}

struct ParseTensor: DynamicOperator {
    let type: ElementType

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.text(0)
        return [ValueFact(type, nil as SymbolicShape?)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        [try TensorRecord.value(try context.text(0), type: type, context)]
    }
}
