import GraphIR
import Tensors

/// The inverses of matrices, or of their adjoints.
///
/// - Shapes: [B…, n, n] → the same.
/// - Source: TensorFlow's MatrixInverse; a matrix that has no inverse is refused.
struct MatrixInverse: Operator {
    var adjoint = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.matrices(0, square: true).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.matrixwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, adjoint: adjoint))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let adjoint: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, n = stack.rows, adjoint = adjoint, workCount = 32 * n
            var scratch = SolverScratch()
            let place = scratch.take(Scalar.self, stack.elementCount), work = scratch.take(Scalar.self, workCount)
            let pivots = scratch.take(Int32.self, n)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                let a = place(context)
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * n * n, stack.type, rows: n, columns: n, into: a)
                    guard Scalar.factor(Int32(n), Int32(n), a, pivots(context)) == 0 else {
                        throw .invalidValue("matrix \(index) is not invertible")
                    }
                    Scalar.invert(Int32(n), a, pivots(context), work(context), Int32(workCount))
                    if adjoint {
                        for row in 0..<n {
                            for column in 0...row {
                                let (upper, lower) = (a[row * n + column].conjugate, a[column * n + row].conjugate)
                                (a[row * n + column], a[column * n + row]) = (lower, upper)
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

/// x with a x = b, or with the adjoint of a.
///
/// - Shapes: a [B…, n, n], b [B…, n, k] → [B…, n, k].
/// - Source: TensorFlow's MatrixSolve; a matrix without an inverse is refused.
struct MatrixSolve: Operator {
    var adjoint = false

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let a = try inputs.matrices(0, square: true), b = try inputs.matrices(1)
        try inputs.checkSameType(1, as: 0)
        if let left = a.shape, let right = b.shape {
            let joined = zip(left.dimensions.dropLast(), right.dimensions.dropLast()).compactMap(Dimension.unified)
            guard left.rank == right.rank, joined.count == left.rank - 1 else {
                throw .invalidInput(index: 1, reason: "has shape \(right), which does not fit matrices of shape \(left)")
            }
        }
        return [ValueFact(b.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.axis(0), inputs.axis(1) == along, along < (inputs.extents(0)?.count ?? 0) - 2 else {
            return .mixed(RowReason.positional)
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0)), right = try MatrixStack(rightSides: context.input(1))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, right: right, adjoint: adjoint))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let right: MatrixStack
        let adjoint: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, right = right, n = stack.rows, k = right.columns, adjoint = adjoint
            var scratch = SolverScratch()
            let left = scratch.take(Scalar.self, stack.elementCount), other = scratch.take(Scalar.self, right.elementCount)
            let pivots = scratch.take(Int32.self, n)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                let a = left(context), b = other(context)
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * n * n, stack.type, rows: n, columns: n, into: a)
                    Scalar.load(context.input(1), index * n * k, stack.type, rows: n, columns: k, into: b)
                    guard Scalar.factor(Int32(n), Int32(n), a, pivots(context)) == 0 else {
                        throw .invalidValue("matrix \(index) is not invertible")
                    }
                    Scalar.solve(Int32(n), Int32(k), a, pivots(context), b, adjoint: adjoint)
                    Scalar.store(b, context.output(0), index * n * k, stack.type, rows: n, columns: k)
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}
