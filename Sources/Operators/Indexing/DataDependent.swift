import GraphIR
import Tensors

/// The positions of all elements that are not 0.
///
/// - Shapes: data of rank r → int64 [r, count], in row-major order; a scalar gives [0, 0 or 1].
/// - Source: ONNX operator NonZero.
struct NonZero: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let rank = try inputs.required(0, of: ElementTypes.dense).rank
        return [ValueFact(.int64, SymbolicShape([rank.map(Dimension.known) ?? .unknown, .unknown]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.required(0)
        return [.tensor(try data.elementType.dispatch(NonZeroPlaces(data: data, context: context)))]
    }
}

/// Counts first and writes then, so that nothing but the result takes memory.
private struct NonZeroPlaces: NumericVisitor {
    let data: TensorView
    let context: EvaluationContext

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> Tensor {
        let elements = data.baseAddress.assumingMemoryBound(to: Element.self)
        let extents = data.shape.extents
        let count = (0..<data.elementCount).reduce(0) { $0 + (elements[$1].asDouble == 0 ? 0 : 1) }
        return try context.makeTensor(TensorSpec(.int64, [extents.count, count])) { bytes in
            let output = bytes.bindMemory(to: Int64.self)
            var column = 0
            for place in 0..<data.elementCount where elements[place].asDouble != 0 {
                var rest = place
                for axis in extents.indices.reversed() {
                    output[axis * count + column] = Int64(rest % extents[axis])
                    rest /= extents[axis]
                }
                column += 1
            }
        }
    }
}

/// The slices along an axis (or the elements) whose condition is true; a short condition stands for false at the end.
///
/// - Shapes: data [A…, n, B…], condition [≤ n] → [A…, count, B…]; without an axis the data counts as flat.
/// - Source: ONNX operator Compress.
struct Compress: DynamicOperator {
    var axis: Int?

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), condition = try inputs.required(1, of: [.bool])
        if let shape = condition.shape, shape.rank != 1 {
            throw .invalidInput(index: 1, reason: "has rank \(shape.rank), expected 1")
        }
        guard let axis else { return [ValueFact(data.elementType, SymbolicShape([.unknown]))] }
        guard var shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        shape[try Axes.resolve(axis, rank: shape.rank)] = .unknown
        return [ValueFact(data.elementType, shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis else { return .mixed(RowReason.compacted) }
            return inputs.linewise(along: [try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)])
        }
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try context.required(0), condition = try context.required(1)
        let shape = axis == nil ? Shape([data.elementCount]) : data.shape
        let axis = try Axes.resolve(axis ?? 0, rank: shape.rank)
        guard condition.shape.rank == 1, condition.elementType == .bool else {
            throw OperatorError.invalidInput(index: 1, reason: "is \(condition.spec), expected bool of rank 1")
        }
        let chosen = condition.bytes
        if let last = chosen.lastIndex(where: { $0 != 0 }), last >= shape[axis] {
            throw OperatorError.invalidInput(
                index: 1, reason: "is true at \(last), axis \(axis) of shape \(shape) has extent \(shape[axis])")
        }
        let run = shape.elementCount(in: axis + 1..<shape.rank) * data.elementType.byteCount
        let outerCount = shape.elementCount(in: 0..<axis), extent = shape[axis]
        let count = chosen.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
        let result = try context.makeTensor(TensorSpec(data.elementType, shape.replacing(axis: axis, with: count))) { bytes in
            guard var target = bytes.baseAddress else { return }
            for outer in 0..<outerCount {
                let source = data.baseAddress + outer * extent * run
                for position in chosen.indices where chosen[position] != 0 {
                    target.copyMemory(from: source + position * run, byteCount: run)
                    target += run
                }
            }
        }
        return [.tensor(result)]
    }
}

enum DataDependentOperators {
    static let spellings: [OperatorSpelling] = [
        .onnx("NonZero", since: 9) { _ throws(OperatorError) in NonZero() },
        .onnx("Compress", since: 9) { reader throws(OperatorError) in Compress(axis: try reader.integer("axis")) },
    ]
}
