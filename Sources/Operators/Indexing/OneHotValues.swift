import GraphIR
import Tensors

/// For each index a vector that is "on" at the index and "off" elsewhere; of any type.
///
/// - Shapes: indices [I…], depth, on and off (one value each) → [I…] with an axis of extent `depth` inserted. Indices outside
///   0 ..< depth give a vector that is off everywhere.
/// - Source: TensorFlow's OneHot.
struct OneHotValues: ElementMover {
    /// -1: the new axis is the last.
    var axis = -1
    var name: String { "OneHot" }
    func movesElements(ofInput index: Int) -> Bool { index >= 2 }
    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let indices = try inputs.required(0, of: ElementTypes.integers), on = try inputs.dense(2)
        try inputs.checkSameType(3, as: 2)
        for index in 1...3 {
            if let shape = inputs[index]?.shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected a single value")
            }
        }
        let depth = try inputs.parameters(1)?.first
        if let depth, depth < 0 { throw .invalidValue("the depth is \(depth), expected a size that is not negative") }
        guard let shape = indices.shape else { return [ValueFact(on.elementType, nil as SymbolicShape?)] }
        var dimensions = shape.dimensions
        dimensions.insert(depth.map(Dimension.known) ?? .unknown, at: try Axes.resolve(axis, rank: shape.rank + 1))
        return [ValueFact(on.elementType, try SymbolicShape(dimensions).checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let along = inputs.onlyAxis(), let rank = inputs.extents(0)?.count, (1...3).allSatisfy({ inputs.isFixed($0) })
            else { return .mixed(RowReason.parameter) }
            return .all(RowState.rows(axis: along).stacked(along: try Axes.resolve(axis, rank: rank + 1)), of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let indices = try context.input(0), output = context.outputs[0]
        let axis = try Axes.resolve(axis, rank: output.shape.rank)
        return CompiledOperator(
            OneHotKernel(
                indexType: indices.elementType, outerCount: output.shape.elementCount(in: 0..<axis), depth: output.shape[axis],
                innerCount: output.shape.elementCount(in: axis + 1..<output.shape.rank),
                elementByteCount: output.elementType.byteCount, hasSeparateValues: true))
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("OneHot") { reader throws(OperatorError) in OneHotValues(axis: try reader.integer("axis", default: -1)) }
    ]
}
