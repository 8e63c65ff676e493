import GraphIR
import Tensors

/// One input cut into parts along an axis.
///
/// - Source: ONNX operator Split: part lengths as attribute (before opset 13) or input 1; without them equal parts,
///   from opset 18 with a shorter last one when `num_outputs` does not divide.
struct Split: ElementMover {
    var axis = 0
    var lengths: [Int]?
    /// How many parts when no lengths are given; nil takes the number of outputs.
    var partCount: Int?
    var allowsShortLast = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...2)
        let data = try inputs.dense(0)
        let count = inputs.outputCount
        guard let shape = data.shape else {
            return [ValueFact](repeating: ValueFact(data.elementType, nil as SymbolicShape?), count: count)
        }
        let axis = try Axes.resolve(axis, rank: shape.rank)
        let isGiven = lengths != nil || inputs[1] != nil
        let given = try inputs.parameters(1, or: lengths)
        var extents = [Dimension](repeating: .unknown, count: count)
        if !isGiven || given != nil {
            extents = try parts(of: shape[axis], given: given, count: count)
        }
        return try extents.map { extent throws(OperatorError) in
            var part = shape
            part[axis] = extent
            return ValueFact(data.elementType, try part.checked("a part"))
        }
    }

    var shapeOperands: Set<Int> { lengths == nil ? [1] : [] }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            let axis = try Axes.resolve(axis, rank: inputs.extents(0)?.count ?? 0)
            guard inputs.axis(0) != axis else { return .mixed(RowReason.selected) }
            return inputs.elementwise()
        }
    }

    private func parts(of extent: Dimension, given: [Int]?, count: Int) throws(OperatorError) -> [Dimension] {
        if let given {
            guard given.count == count else {
                throw .invalidValue("has \(given.count) part lengths \(given) for \(count) outputs")
            }
            try check(given, extent: extent.value)
            return given.map(Dimension.known)
        }
        if let partCount, partCount != count {
            throw .invalidAttribute(name: "num_outputs", reason: "is \(partCount), the node has \(count) outputs")
        }
        guard let extent = extent.value else { return [Dimension](repeating: .unknown, count: count) }
        return try equalParts(of: extent, count: count).map(Dimension.known)
    }

    private func check(_ lengths: [Int], extent: Int?) throws(OperatorError) {
        var sum = 0
        for length in lengths {
            let (next, overflow) = sum.addingReportingOverflow(length)
            guard length >= 0, !overflow else { throw .invalidValue("part lengths \(lengths) must not be negative") }
            sum = next
        }
        if let extent, sum != extent {
            throw .invalidValue("part lengths \(lengths) sum to \(sum), input 0 has extent \(extent) along axis \(axis)")
        }
    }

    private func equalParts(of extent: Int, count: Int) throws(OperatorError) -> [Int] {
        guard count > 0 else { return [] }
        if extent % count == 0 { return [Int](repeating: extent / count, count: count) }
        let length = extent / count + 1
        let last = extent - length * (count - 1)
        guard allowsShortLast, last >= 0 else {
            throw .invalidInput(
                index: 0, reason: "has extent \(extent) along axis \(axis), which does not divide into \(count) parts")
        }
        return [Int](repeating: length, count: count - 1) + [last]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        let axis = try Axes.resolve(axis, rank: input.shape.rank)
        if context.outputs.count == 1 { return .view(of: 0) }
        var copies: [StridedCopy] = []
        var start = 0
        for output in context.outputs {
            copies.append(
                StridedCopy(
                    extents: output.shape.extents, sourceStrides: input.shape.strides,
                    destinationStrides: output.shape.strides, elementByteCount: input.elementType.byteCount,
                    sourceOffset: start * input.shape.strides[axis]))
            start += output.shape[axis]
        }
        return CompiledOperator(SplitKernel(copies: copies))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Split", through: 12) { reader throws(OperatorError) in
            Split(axis: try reader.integer("axis", default: 0), lengths: try reader.integers("split"))
        },
        .onnx("Split", since: 13) { reader throws(OperatorError) in
            Split(
                axis: try reader.integer("axis", default: 0), partCount: try reader.integer("num_outputs"),
                allowsShortLast: reader.version >= 18)
        },
    ]
}

/// One copy an output, each from its own part of the input.
struct SplitKernel: Kernel {
    let copies: [StridedCopy]
    var input = 0

    func run(_ context: KernelContext) {
        let input = context.input(input)
        for index in copies.indices { copies[index].run(from: input, to: context.output(index)) }
    }
}
