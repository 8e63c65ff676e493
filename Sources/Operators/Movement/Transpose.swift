import GraphIR
import Tensors

/// Reorders axes.
///
/// - Shapes: [d0, …, dn] → [d(p0), …, d(pn)]; without a permutation the axes are reversed.
/// - Source: ONNX operator Transpose.
struct Transpose: Operator {
    var permutation: [Int]?

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else {
            return [ValueFact(data.elementType, permutation.map { SymbolicShape(unknownRank: $0.count) })]
        }
        let order = try order(rank: shape.rank)
        return [ValueFact(data.elementType, SymbolicShape(order.map { shape[$0] }))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let axis = inputs.onlyAxis(), let place = try order(rank: inputs.extents(0)?.count ?? 0).firstIndex(of: axis)
            else { return .mixed(RowReason.merged) }
            return .rows(axis: place, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let input = try context.input(0)
        let order = try order(rank: input.shape.rank)
        let moved = order.filter { input.shape[$0] != 1 }
        if zip(moved, moved.dropFirst()).allSatisfy({ $0 < $1 }) { return .view(of: 0) }
        let strides = input.shape.strides
        let output = context.outputs[0].shape
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: output.extents, sourceStrides: order.map { strides[$0] },
                    destinationStrides: output.strides, elementByteCount: input.elementType.byteCount)))
    }

    private func order(rank: Int) throws(OperatorError) -> [Int] {
        guard let permutation else { return Array((0..<rank).reversed()) }
        guard permutation.sorted().elementsEqual(0..<rank) else {
            throw .invalidAttribute(
                name: "perm", reason: "is \(permutation), expected each of the \(rank) axes of input 0 once")
        }
        return permutation
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Transpose") { reader throws(OperatorError) in Transpose(permutation: try reader.integers("perm")) }
    ]
}
