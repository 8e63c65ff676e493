package import GraphIR
import Tensors

/// The matrix product, leading axes broadcast.
///
/// - Shapes: `A` [..., M, K] · `B` [..., K, N] → [..., M, N]; a vector stands for one row of `A` or one column of `B`.
/// - Numerics: float32 over weights packed at load when `B` is one constant matrix, else OpenBLAS; integers wrap; 16-bit
///   floats are rounded once, from float32.
/// - Source: ONNX operator MatMul, opsets 1, 9 and 13.
package struct MatMul: Operator {
    package init() {}

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let left = try inputs.required(0, of: GeneralProduct.elementTypes)
        let right = try inputs.required(1, of: [left.elementType])
        return [ValueFact(left.elementType, try ProductShape.infer(left.shape, right.shape))]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.stackedProduct() }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let left = try context.input(0), right = try context.input(1)
        let geometry = ProductGeometry(left.shape, right.shape)
        if left.elementType == .float32, geometry.sharesRight, context.constant(1) != nil {
            let weights = RightOperand(rows: geometry.steps, columns: geometry.columns, transposed: false, scale: 1)
            return try LinearKernel.compile(context, weights: weights, rows: geometry.rows)
        }
        if context.makesNothing { return .nothing }
        return CompiledOperator(try GeneralProduct.kernel(left.elementType, geometry))
    }
}
