import GraphIR
import Tensors

/// A box cut out of a tensor: where it begins and how long it is along every axis.
///
/// - Shapes: data of rank r, begins [r], lengths [r] → the lengths; -1 reaches to the end of the axis.
/// - Source: TensorFlow's Slice.
struct BoxSlice: ElementMover {
    var name: String { "Slice" }
    var shapeOperands: Set<Int> { [1, 2] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.dense(0)
        let begins = try inputs.parameters(1), lengths = try inputs.parameters(2)
        guard let shape = data.shape else {
            let first = try inputs.parameterCount(1), second = try inputs.parameterCount(2)
            let rank = first ?? second
            return [ValueFact(data.elementType, rank.map(SymbolicShape.init(unknownRank:)))]
        }
        for (index, list) in [(1, begins), (2, lengths)] {
            if let list, list.count != shape.rank {
                throw .invalidInput(index: index, reason: "has \(list.count) numbers for rank \(shape.rank)")
            }
        }
        var result = SymbolicShape(unknownRank: shape.rank)
        for axis in 0..<shape.rank {
            let begin = begins?[axis], length = lengths?[axis]
            if let begin, let length { try Self.check(begin, length, extent: shape[axis].value, axis: axis) }
            if let length, length >= 0 {
                result[axis] = .known(length)
            } else if let begin, length == -1 {
                result[axis] = shape[axis].value.map { .known($0 - begin) } ?? (begin == 0 ? shape[axis] : .unknown)
            }
        }
        return [ValueFact(data.elementType, try result.checked("the output"))]
    }

    private static func check(_ begin: Int, _ length: Int, extent: Int?, axis: Int) throws(OperatorError) {
        guard begin >= 0, length >= -1, begin <= Shape.maximumElementCount, length <= Shape.maximumElementCount else {
            throw .invalidValue("begin \(begin) and length \(length) along axis \(axis) make no box")
        }
        if let extent, begin + max(length, 0) > extent {
            throw .invalidValue("begin \(begin) and length \(length) reach beyond the extent \(extent) of axis \(axis)")
        }
    }

    /// The rows' axis must be whole for every number of rows.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.onlyAxis(), let data = inputs.extents(0), let begins = inputs.integers(1),
            let lengths = inputs.integers(2), along < begins.count, along < lengths.count
        else { return .mixed(RowReason.parameter) }
        guard inputs.isFixed(1), begins[along] == 0 else { return .mixed(RowReason.selected) }
        if inputs.isFixed(2) { return lengths[along] == -1 ? .rows(axis: along, of: inputs) : .mixed(RowReason.selected) }
        // Lengths that follow the number of rows may only be those of the whole axes.
        guard data.indices.allSatisfy({ begins[$0] == 0 && lengths[$0] == data[$0] || lengths[$0] == -1 }) else {
            return .mixed(RowReason.counted)
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0), output = context.outputs[0]
        if input.shape == output.shape { return .view(of: 0) }
        if context.makesNothing { return .nothing }
        let strides = input.shape.strides
        let offset = zip(try context.parameters(1), strides).reduce(0) { $0 + $1.0 * $1.1 }
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: output.shape.extents, sourceStrides: strides, destinationStrides: output.shape.strides,
                    elementByteCount: input.elementType.byteCount, sourceOffset: offset)))
    }

    static let spellings: [OperatorSpelling] = [.tensorFlow("Slice") { _ throws(OperatorError) in BoxSlice() }]
}
