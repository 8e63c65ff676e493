import GraphIR
import ProtobufWire
import Tensors

/// A ragged tensor as one value: TensorFlow's variant. It is a string that holds the serialised row splits and values, so that
/// whatever moves strings moves variants.
enum RaggedRecord {
    static func bytes(splits: [ElementList], values: ElementList) -> [UInt8] {
        var writer = WireWriter()
        for list in splits { writer.delimited(1, TensorRecord.bytes(list)) }
        writer.delimited(2, TensorRecord.bytes(values))
        return writer.bytes
    }

    static func read(
        _ text: [UInt8], splitsType: ElementType, valuesType: ElementType, _ context: EvaluationContext
    ) throws(OperatorError) -> (splits: [RuntimeValue], values: RuntimeValue) {
        let parts: Result<(splits: [[UInt8]], values: [UInt8]?), WireError> = text.withUnsafeBytes { bytes in
            Result { () throws(WireError) in
                var reader = WireReader(bytes), splits: [[UInt8]] = [], values: [UInt8]?
                while let field = try reader.nextField() {
                    let part = try reader.range(field)
                    if field.number == 1 { splits.append(Array(bytes[part])) } else { values = Array(bytes[part]) }
                }
                return (splits, values)
            }
        }
        guard case .success(let found) = parts, let values = found.values else {
            throw .invalidValue("a variant does not hold a ragged tensor")
        }
        var splits: [RuntimeValue] = []
        for text in found.splits { splits.append(try TensorRecord.value(text, type: splitsType, context)) }
        return (splits, try TensorRecord.value(values, type: valuesType, context))
    }
}

/// A ragged tensor as a variant, or each of its rows as one.
///
/// - Shapes: row splits of each level, values → variant [], or [rows] when `batched_input` is set.
/// - Source: TensorFlow operator RaggedTensorToVariant.
struct RaggedTensorToVariant: DynamicOperator {
    let isBatched: Bool

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 1 else { throw .wrongInputCount(found: 0, expected: 1...Int.max) }
        guard isBatched else { return [ValueFact(.string, Shape.scalar)] }
        if inputs.count == 1 { return [ValueFact(.string, SymbolicShape([try inputs.tensor(0).shape?.dimensions.first ?? .unknown]))] }
        let count: Dimension = try inputs.tensor(0).shape?.dimensions.first?.value.map { .known(max(0, $0 - 1)) } ?? .unknown
        return [ValueFact(.string, SymbolicShape([count]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let depth = context.inputs.count - 1
        let input = try RaggedTensor(context, 0, depth: depth)
        guard isBatched else {
            var splits: [ElementList] = []
            for level in 0..<depth { splits.append(try context.elements(level)) }
            let builder = try TextBuilder(context, capacity: 1)
            try builder.append(RaggedRecord.bytes(splits: splits, values: input.values))
            return [try builder.tensor(.scalar)]
        }
        guard input.values.shape.rank >= 1 else { throw OperatorError.invalidInput(index: depth, reason: "is a scalar") }
        let rowCount = depth == 0 ? input.values.shape[0] : input.splits[0].count - 1
        let builder = try TextBuilder(context, capacity: rowCount)
        for row in 0..<rowCount {
            try context.checkStop()
            var range = row..<row + 1
            var parts: [RuntimeValue] = []
            for (level, splits) in input.splits.enumerated() {
                if level > 0 {
                    let first = splits[range.lowerBound]
                    parts.append(
                        try context.integers(splits[range.lowerBound...range.upperBound].map { $0 - first }, input.splitsType))
                }
                range = splits[range.lowerBound]..<splits[range.upperBound]
            }
            var values = try input.values([range], context)
            if depth == 0 { values = values.withoutFirstAxis }
            let lists = try parts.map { (part) throws(OperatorError) in try ElementList(part) }
            let text = RaggedRecord.bytes(splits: lists, values: try ElementList(values))
            withExtendedLifetime((parts, values)) {}
            try builder.append(text)
        }
        return [try builder.list()]
    }
}

extension RuntimeValue {
    /// A tensor whose first extent is 1 without that axis.
    fileprivate var withoutFirstAxis: RuntimeValue {
        switch self {
        case .tensor(let tensor): .tensor(tensor.reshaped(Shape(Array(tensor.shape.extents.dropFirst()))))
        case .strings(let texts): .strings(texts.reshaped(Shape(Array(texts.shape.extents.dropFirst()))))
        default: self
        }
    }
}

/// The ragged tensor of a variant, or of a tensor of variants as its rows.
///
/// - Shapes: variant [A…] → row splits of each level, values.
/// - Source: TensorFlow operator RaggedTensorFromVariant.
struct RaggedTensorFromVariant: DynamicOperator {
    private let inputDepth: Int
    private let outputDepth: Int
    private let valuesType: ElementType
    private let splitsType: ElementType

    init(_ reader: AttributeReader) throws(OperatorError) {
        inputDepth = try reader.integer("input_ragged_rank", default: -1)
        outputDepth = try reader.integer("output_ragged_rank", default: 0)
        valuesType = try reader.elementType("Tvalues") ?? .float32
        splitsType = try reader.elementType("Tsplits", default: .int64, of: [.int32, .int64])
        guard outputDepth >= 0, outputDepth <= Shape.maximumRank else {
            throw .invalidAttribute(name: "output_ragged_rank", reason: "is \(outputDepth)")
        }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        _ = try inputs.text(0)
        return [ValueFact](repeating: .list(splitsType), count: outputDepth) + [ValueFact(valuesType, nil as SymbolicShape?)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let encoded = try context.strings(0), rank = encoded.shape.rank
        let depth = inputDepth < 0 ? outputDepth - rank : inputDepth
        guard depth >= 0, depth + rank == outputDepth else {
            throw OperatorError.invalidValue(
                "output_ragged_rank must be equal to input_ragged_rank + encoded_ragged.dims(); output_ragged_rank: \(outputDepth), "
                    + "input_ragged_rank: \(inputDepth), encoded_ragged.dims(): \(rank)")
        }
        var components: [(splits: [RuntimeValue], values: RuntimeValue)] = []
        for text in encoded.elements {
            let component = try RaggedRecord.read(text, splitsType: splitsType, valuesType: valuesType, context)
            guard component.splits.count == depth else {
                throw OperatorError.invalidValue(
                    "Encoded input RaggedTensorVariant has ragged_rank=\(component.splits.count). Expected ragged_rank=\(depth).")
            }
            components.append(component)
        }
        if rank == 0, let component = components.first { return component.splits + [component.values] }
        return try joined(components, depth, encoded.shape, context)
    }

    private func joined(
        _ components: [(splits: [RuntimeValue], values: RuntimeValue)], _ depth: Int, _ shape: Shape, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        var results: [RuntimeValue] = []
        for axis in 1..<shape.rank {
            let rowCount = shape.elementCount(in: 0..<axis)
            results.append(try context.integers((0...rowCount).map { $0 * shape[axis] }, splitsType))
        }
        var lengths = [0], inner = [[Int]](repeating: [0], count: depth), lists: [ElementList] = []
        for component in components {
            let values = try ElementList(component.values)
            guard values.shape.rank >= 1 else { throw .invalidValue("Ragged values must have rank >= 1") }
            guard lists.first.map({ $0.shape.extents.dropFirst() == values.shape.extents.dropFirst() }) ?? true else {
                throw .invalidValue("Shape mismatch: all values must agree but for their first extent")
            }
            lists.append(values)
            for level in 0..<depth {
                guard case .tensor(let tensor) = component.splits[level], let splits = tensor.integers, let first = splits.first else {
                    throw .invalidValue("a variant has no row splits")
                }
                if level == 0 { lengths.append(lengths[lengths.count - 1] + splits.count - 1) }
                let start = inner[level][inner[level].count - 1]
                inner[level] += splits.dropFirst().map { $0 - first + start }
            }
            if depth == 0 { lengths.append(lengths[lengths.count - 1] + values.shape[0]) }
        }
        results.append(try context.integers(lengths, splitsType))
        for splits in inner { results.append(try context.integers(splits, splitsType)) }
        let count = lists.reduce(0) { $0 + $1.shape[0] }
        let extents = [count] + (lists.first.map { Array($0.shape.extents.dropFirst()) } ?? [])
        if lists.isEmpty {
            results.append(
                valuesType == .string
                    ? .strings(StringTensor(shape: [0], elements: [])) : .tensor(try context.zeros(TensorSpec(valuesType, [0]))))
        } else {
            let places = lists.enumerated().flatMap { number, list in (0..<list.count).map { (list: number, position: $0) } }
            results.append(try ElementList.gathered(lists, places, Shape(extents), context))
        }
        withExtendedLifetime(components) {}
        return results
    }
}
