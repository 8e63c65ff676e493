package import GraphIR
import Tensors

/// A dense layer in one piece: what passes make of MatMul and Gemm with what follows them.
///
/// - Shapes: `x` [..., K], `weights` [K, N] (transposed: [N, K]), optional `bias` [N], optional `residual` of the result's
///   shape → [..., N].
/// - Numerics: activation(scale · x · weights + bias + residual) in float32; 16-bit floats are rounded once, at the end.
package struct Linear: Operator {
    package var transposesWeights = false
    /// A factor of the product.
    package var scale: Float = 1
    package var activation: FusedActivation?

    package init() {}

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...4)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        let weights = try inputs.required(1, of: [x.elementType])
        for index in 2..<4 where inputs[index] != nil { _ = try inputs.required(index, of: [x.elementType]) }
        if let rank = weights.rank, rank != 2 {
            throw .invalidInput(index: 1, reason: "has \(rank) axes, expected weights of 2")
        }
        let matrix = weights.shape.map { transposesWeights ? SymbolicShape([$0[1], $0[0]]) : $0 }
        let shape = try ProductShape.infer(x.shape, matrix)
        if let bias = inputs[2]?.shape, let columns = matrix?[1].value, let count = bias.concrete?.elementCount,
            count != columns
        {
            throw .invalidInput(index: 2, reason: "is \(bias), expected \(columns) elements")
        }
        if let residual = inputs[3]?.concrete?.shape, let result = shape?.concrete, residual != result {
            throw .invalidInput(index: 3, reason: "is \(residual), expected the result's shape \(result)")
        }
        return [ValueFact(x.elementType, shape)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, EpilogueInput.residual) else { return .mixed(RowReason.parameter) }
        guard let x = inputs.extents(0), let result = inputs.outputs.first?.concrete?.shape.extents, inputs.axis(0) != x.count - 1
        else { return .mixed(RowReason.joined) }
        let residual = RowOperand(inputs, EpilogueInput.residual)
        return inputs.broadcast([RowOperand(extents: result, axis: inputs.axis(0)), residual].compactMap(\.self))
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0).shape, weights = try context.input(1).shape
        let operand = RightOperand(
            rows: weights[transposesWeights ? 1 : 0], columns: weights[transposesWeights ? 0 : 1],
            transposed: transposesWeights, scale: scale)
        return try LinearKernel.compile(
            context, weights: operand, rows: x.elementCount(in: 0..<x.rank - 1), bias: context.has(2) ? 2 : nil,
            residual: context.has(3) ? 3 : nil, activation: activation)
    }
}
