import GraphIR
import Tensors

/// Tensors of one shape as the positions of a new axis.
///
/// - Shapes: k × [d0, …, dn] → [d0, …, k, …, dn].
/// - Source: TensorFlow's Pack.
struct Pack: ElementMover {
    /// Where the new axis stands in the result; may count from the end.
    var axis = 0

    func movesElements(ofInput index: Int) -> Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count > 0 else { throw .wrongInputCount(found: 0, expected: 1...Int(Int32.max)) }
        let type = try inputs.dense(0).elementType
        var joined: SymbolicShape?
        for index in 0..<inputs.count {
            try inputs.checkSameType(index, as: 0)
            guard let shape = inputs[index]?.shape else { continue }
            joined = try joined.map { left throws(OperatorError) in try Self.join(left, shape, input: index) } ?? shape
        }
        guard let joined else { return [ValueFact(type, nil as SymbolicShape?)] }
        var dimensions = joined.dimensions
        dimensions.insert(.known(inputs.count), at: try Axes.resolve(axis, rank: joined.rank + 1))
        return [ValueFact(type, try SymbolicShape(dimensions).checked("the output"))]
    }

    private static func join(_ left: SymbolicShape, _ right: SymbolicShape, input: Int) throws(OperatorError) -> SymbolicShape {
        let joined = zip(left.dimensions, right.dimensions).compactMap(Dimension.unified)
        guard left.rank == right.rank, joined.count == left.rank else {
            throw .invalidInput(index: input, reason: "has shape \(right), the inputs before have \(left)")
        }
        return SymbolicShape(joined)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.axis(0), (0..<inputs.count).allSatisfy({ inputs.axis($0) == along }) else {
                return .mixed(RowReason.positional)
            }
            guard let rank = inputs.extents(0)?.count else { return .mixed(RowReason.unknown) }
            let place = try Axes.resolve(axis, rank: rank + 1)
            return .all(RowState.rows(axis: along).stacked(along: place), of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.inputs.count == 1 { return .view(of: 0) }
        let output = context.outputs[0], strides = output.shape.strides
        let place = try Axes.resolve(axis, rank: output.shape.rank)
        var inner = strides
        inner.remove(at: place)
        var copies: [StridedCopy] = []
        for index in context.inputs.indices {
            let input = try context.input(index).shape
            copies.append(
                StridedCopy(
                    extents: input.extents, sourceStrides: input.strides, destinationStrides: inner,
                    elementByteCount: output.elementType.byteCount, destinationOffset: index * strides[place]))
        }
        return CompiledOperator(ConcatKernel(copies: copies, inputs: Array(context.inputs.indices)))
    }
}

/// The positions of an axis as tensors of their own.
///
/// - Shapes: [d0, …, k, …, dn] → k × [d0, …, dn].
/// - Source: TensorFlow's Unpack.
struct Unpack: ElementMover {
    var count: Int
    var axis = 0

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else {
            return [ValueFact](repeating: ValueFact(data.elementType, nil as SymbolicShape?), count: count)
        }
        let place = try Axes.resolve(axis, rank: shape.rank)
        if let extent = shape[place].value, extent != count {
            throw .invalidInput(index: 0, reason: "has extent \(extent) along axis \(place) (shape \(shape)), expected \(count)")
        }
        var dimensions = shape.dimensions
        dimensions.remove(at: place)
        return [ValueFact](repeating: ValueFact(data.elementType, SymbolicShape(dimensions)), count: count)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let place = try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)
            return inputs.linewise(along: [place], keepsAxes: false)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.outputs.count == 1 { return .view(of: 0) }
        let input = try context.input(0)
        var inner = input.shape.strides
        let step = inner.remove(at: try Axes.resolve(axis, rank: input.shape.rank))
        let copies = context.outputs.indices.map { index in
            StridedCopy(
                extents: context.outputs[index].shape.extents, sourceStrides: inner,
                destinationStrides: context.outputs[index].shape.strides, elementByteCount: input.elementType.byteCount,
                sourceOffset: index * step)
        }
        return CompiledOperator(SplitKernel(copies: copies))
    }
}

enum PackingOperators {
    static let spellings: [OperatorSpelling] = [
        .tensorFlow("Pack") { reader throws(OperatorError) in Pack(axis: try reader.integer("axis", default: 0)) },
        .tensorFlow("Unpack") { reader throws(OperatorError) in
            Unpack(count: try reader.argumentCount("num"), axis: try reader.integer("axis", default: 0))
        },
    ]
}
