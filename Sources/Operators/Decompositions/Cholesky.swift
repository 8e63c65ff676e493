import GraphIR
import Tensors

/// The lower triangular factors of positive definite matrices, which are given by their lower triangles.
///
/// - Shapes: [B…, n, n] → the same. Where there is no factor the lower triangle is NaN, as in the reference runtime.
/// - Source: TensorFlow's Cholesky.
struct Cholesky: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.matrices(0, square: true).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.matrixwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        return try stack.type.solver(Maker(stack: stack))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, n = stack.rows
            var scratch = SolverScratch()
            let place = scratch.take(Scalar.self, stack.elementCount)
            let kernel = LoopKernel { context in
                let a = place(context)
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * n * n, stack.type, rows: n, columns: n, into: a)
                    let isFactored = Scalar.cholesky(Int32(n), a) == 0
                    for column in 0..<n {
                        for row in 0..<n {
                            if row < column {
                                a[column * n + row] = .zeroElement
                            } else if !isFactored {
                                a[column * n + row] = Scalar(real: .nan)
                            }
                        }
                    }
                    Scalar.store(a, context.output(0), index * n * n, stack.type, rows: n, columns: n)
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}
