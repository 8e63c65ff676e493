import GraphIR
import Tensors

/// Inputs one after the other along an axis.
///
/// - Shapes: k × [d0, …, d(axis), …, dn] that agree on every other axis → the sum along `axis`.
/// - Source: ONNX operator Concat (opset 1 defaults the axis to 1); TensorFlow's Concat and ConcatV2, whose axis is the first or
///   the last input, and ParallelConcat.
struct Concat: ElementMover {
    /// The axis as an attribute.
    var axis = 0
    /// The input that holds the axis, when one does.
    var axisInput: Int?

    func movesElements(ofInput index: Int) -> Bool { index != axisInput }
    var shapeOperands: Set<Int> { axisInput.map { [$0] } ?? [] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let parts = parts(of: inputs.count)
        guard let first = parts.first else { throw .wrongInputCount(found: inputs.count, expected: 1...Int(Int32.max)) }
        let type = try inputs.dense(first).elementType
        for index in parts { try inputs.checkSameType(index, as: first) }
        var along: Int? = axis
        if let axisInput { along = try Self.single(try inputs.parameters(axisInput)) }
        guard let along else {
            let rank = parts.lazy.compactMap { inputs[$0]?.rank }.first
            return [ValueFact(type, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        var joined: SymbolicShape?
        var everyRankIsKnown = true
        for index in parts {
            guard let shape = inputs[index]?.shape else {
                everyRankIsKnown = false
                continue
            }
            joined = try joined.map { left throws(OperatorError) in try join(left, shape, along: along, input: index) } ?? shape
        }
        guard var result = joined else { return [ValueFact(type, nil as SymbolicShape?)] }
        let axis = try Axes.resolve(along, rank: result.rank)
        if !everyRankIsKnown { result[axis] = .unknown }
        return [ValueFact(type, try result.checked("the output"))]
    }

    /// The inputs that are put together.
    private func parts(of count: Int) -> [Int] { (0..<count).filter { $0 != axisInput } }

    /// The axis that input `axisInput` holds; nil while it is not known.
    private static func single(_ values: [Int]?) throws(OperatorError) -> Int? {
        guard let values else { return nil }
        guard values.count == 1 else { throw .invalidValue("has the axes \(values), expected one") }
        return values[0]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let parts = parts(of: inputs.count)
            guard let first = parts.first, let along = inputs.axis(first), parts.allSatisfy({ inputs.axis($0) == along }),
                axisInput.map(inputs.isFixed) ?? true, let wanted = try axisInput.map(inputs.integers).map(Self.single) ?? axis
            else { return .mixed(RowReason.positional) }
            let joined = try Axes.resolve(wanted, rank: inputs.extents(first)?.count ?? 0)
            return joined == along && parts.count > 1
                ? .mixed("puts rows behind one another along their axis") : .rows(axis: along, of: inputs)
        }
    }

    private func join(
        _ left: SymbolicShape, _ right: SymbolicShape, along: Int, input: Int
    ) throws(OperatorError) -> SymbolicShape {
        guard left.rank == right.rank else {
            throw .invalidInput(
                index: input, reason: "has rank \(right.rank) (shape \(right)), the inputs before have rank \(left.rank)")
        }
        let axis = try Axes.resolve(along, rank: left.rank, input: input)
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
        let parts = parts(of: context.inputs.count)
        if parts.count == 1 { return .view(of: parts[0]) }
        let output = context.outputs[0]
        var along: Int? = axis
        if let axisInput { along = try Self.single(try context.parameters(axisInput)) }
        let axis = try Axes.resolve(along ?? 0, rank: output.shape.rank)
        var copies: [StridedCopy] = []
        var start = 0
        for index in parts {
            let input = try context.input(index).shape
            copies.append(
                StridedCopy(
                    extents: input.extents, sourceStrides: input.strides, destinationStrides: output.shape.strides,
                    elementByteCount: output.elementType.byteCount,
                    destinationOffset: start * output.shape.strides[axis]))
            start += input[axis]
        }
        return CompiledOperator(ConcatKernel(copies: copies, inputs: parts))
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
        .tensorFlow("Concat") { _ throws(OperatorError) in Concat(axisInput: 0) },
        .tensorFlow("ParallelConcat") { _ throws(OperatorError) in Concat() },
        .tensorFlow("ConcatV2") { reader throws(OperatorError) in Concat(axisInput: max(reader.inputCount - 1, 0)) },
    ]
}

/// One copy an input, each to its own part of the output.
struct ConcatKernel: Kernel {
    let copies: [StridedCopy]
    /// The input that each copy reads.
    let inputs: [Int]

    func run(_ context: KernelContext) {
        let output = context.output(0)
        for index in copies.indices { copies[index].run(from: context.input(inputs[index]), to: output) }
    }
}
