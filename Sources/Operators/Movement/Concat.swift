import GraphIR
import Tensors

/// Inputs one after the other along an axis.
///
/// - Shapes: k × [d0, …, d(axis), …, dn] that agree on every other axis → the sum along `axis`.
/// - Source: ONNX operator Concat (opset 1 defaults the axis to 1).
struct Concat: Operator {
    var axis: Int

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count > 0 else { throw .wrongInputCount(found: 0, expected: 1...Int(Int32.max)) }
        let type = try inputs.dense(0).elementType
        var joined: SymbolicShape?
        var everyRankIsKnown = true
        for index in 0..<inputs.count {
            try inputs.checkSameType(index, as: 0)
            guard let shape = inputs[index]?.shape else {
                everyRankIsKnown = false
                continue
            }
            joined = try joined.map { left throws(OperatorError) in try join(left, shape, input: index) } ?? shape
        }
        guard var result = joined else { return [ValueFact(type, nil as SymbolicShape?)] }
        let axis = try Axes.resolve(axis, rank: result.rank)
        if !everyRankIsKnown { result[axis] = .unknown }
        return [ValueFact(type, try result.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.axis(0), (0..<inputs.count).allSatisfy({ inputs.axis($0) == along }) else {
                return .mixed(RowReason.positional)
            }
            let joined = try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)
            return joined == along && inputs.count > 1
                ? .mixed("puts rows behind one another along their axis") : .rows(axis: along, of: inputs)
        }
    }

    private func join(_ left: SymbolicShape, _ right: SymbolicShape, input: Int) throws(OperatorError) -> SymbolicShape {
        guard left.rank == right.rank else {
            throw .invalidInput(
                index: input, reason: "has rank \(right.rank) (shape \(right)), the inputs before have rank \(left.rank)")
        }
        let axis = try Axes.resolve(axis, rank: left.rank, input: input)
        var result = left
        for position in 0..<left.rank {
            if position == axis {
                result[position] = Self.sum(left[position], right[position])
            } else if let extent = Dimension.unified(left[position], right[position]) {
                result[position] = extent
            } else {
                throw .invalidInput(
                    index: input,
                    reason:
                        "has extent \(right[position]) along axis \(position) (shape \(right)), the inputs before have "
                        + "\(left[position]); only axis \(axis) may differ"
                )
            }
        }
        return result
    }

    private static func sum(_ left: Dimension, _ right: Dimension) -> Dimension {
        switch (left, right) {
        case (.known(let a), .known(let b)):
            let (sum, overflow) = a.addingReportingOverflow(b)
            return overflow ? .unknown : .known(sum)
        case (.known(0), _): return right
        case (_, .known(0)): return left
        default: return .unknown
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.inputs.count == 1 { return .view(of: 0) }
        let output = context.outputs[0]
        let axis = try Axes.resolve(axis, rank: output.shape.rank)
        var copies: [StridedCopy] = []
        var start = 0
        for index in context.inputs.indices {
            let input = try context.input(index).shape
            copies.append(
                StridedCopy(
                    extents: input.extents, sourceStrides: input.strides, destinationStrides: output.shape.strides,
                    elementByteCount: output.elementType.byteCount,
                    destinationOffset: start * output.shape.strides[axis]))
            start += input[axis]
        }
        return CompiledOperator(ConcatKernel(copies: copies))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Concat", through: 3) { reader throws(OperatorError) in
            Concat(axis: try reader.integer("axis", default: 1))
        },
        .onnx("Concat", since: 4) { reader throws(OperatorError) in
            guard let axis = try reader.integer("axis") else {
                throw .invalidAttribute(name: "axis", reason: "is missing")
            }
            return Concat(axis: axis)
        },
    ]
}

/// One copy an input, each to its own part of the output.
private struct ConcatKernel: Kernel {
    let copies: [StridedCopy]

    func run(_ context: KernelContext) {
        let output = context.output(0)
        for index in copies.indices { copies[index].run(from: context.input(index), to: output) }
    }
}
