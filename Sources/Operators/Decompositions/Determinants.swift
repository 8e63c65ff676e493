import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Determinants of matrices, or their signs and the logarithms of their absolute values.
///
/// - Shapes: [B…, n, n] → [B…], or two of these.
/// - Source: TensorFlow's MatrixDeterminant and LogMatrixDeterminant; ONNX operator Det.
struct Determinant: Operator {
    var isLogarithmic = false
    var name: String { isLogarithmic ? "LogMatrixDeterminant" : "MatrixDeterminant" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.matrices(0, square: true)
        let result = ValueFact(data.elementType, data.shape.map { SymbolicShape(Array($0.dimensions.dropLast(2))) })
        return isLogarithmic ? [result, result] : [result]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.matrixwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, isLogarithmic: isLogarithmic))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let isLogarithmic: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, n = stack.rows, isLogarithmic = isLogarithmic
            var scratch = SolverScratch()
            let place = scratch.take(Scalar.self, stack.elementCount), places = scratch.take(Int32.self, n)
            let kernel = LoopKernel { context in
                let a = place(context), pivots = places(context)
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * n * n, stack.type, rows: n, columns: n, into: a)
                    if n > 0 { _ = Scalar.factor(Int32(n), Int32(n), a, pivots) }
                    var product = Scalar(real: 1), sign = Scalar(real: 1), logarithm = 0.0
                    for step in 0..<n {
                        let pivot = a[step * n + step], size = pivot.absoluteValue
                        product = product.multiplied(by: pivot)
                        sign = sign.multiplied(by: size == 0 ? .zeroElement : pivot.divided(by: Scalar(real: size)))
                        logarithm += log(size)
                        if pivots[step] != Int32(step + 1) { (product, sign) = (product.negated, sign.negated) }
                    }
                    guard isLogarithmic else {
                        product.store(context.output(0), index, stack.type)
                        continue
                    }
                    sign.store(context.output(0), index, stack.type)
                    Scalar(real: logarithm).store(context.output(1), index, stack.type)
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}
