import GraphIR
import Tensors

/// Chosen features of each row.
///
/// - Shapes: data [A…, features] of any type, int64 indices of any shape with k elements → [A…, k]; a list gives [1, k].
/// - Source: ONNX operator ai.onnx.ml ArrayFeatureExtractor.
struct ArrayFeatureExtractor: ElementMover {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), indices = try inputs.required(1, of: [.int64])
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard shape.rank >= 1 else { throw .invalidInput(index: 0, reason: "is a scalar, expected features") }
        let count = indices.shape.map { Dimension.product($0.dimensions) } ?? .unknown
        let rows = shape.rank == 1 ? [.known(1)] : Array(shape.dimensions.dropLast())
        return [ValueFact(data.elementType, SymbolicShape(rows + [count]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let data = inputs.extents(0), let indices = inputs.extents(1) else { return .mixed(RowReason.selected) }
        switch (inputs.axis(0), inputs.axis(1)) {
        case (let axis?, nil) where axis < data.count - 1: return .rows(axis: axis, of: inputs)
        // The indices are one list: what they choose lies in their order along the last axis.
        case (nil, let axis?) where indices[..<axis].allSatisfy { $0 == 1 }:
            return .rows(axis: max(data.count - 1, 1), of: inputs)
        default: return .mixed(RowReason.selected)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), rank = data.shape.rank
        // With the indices seen as a list, this is a Gather along the last axis.
        let indices = TensorSpec(.int64, [try context.input(1).shape.elementCount])
        return try Gather(axis: rank - 1).compile(
            CompileContext(inputs: [data, indices], outputs: context.outputs, constants: [], kernels: context.kernels))
    }
}
