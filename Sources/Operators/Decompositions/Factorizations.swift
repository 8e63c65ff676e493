import GraphIR
import Tensors

/// LU factors in one matrix, and the rows in the order in which pivots chose them.
///
/// - Shapes: [B…, n, n] → the same, and int32 or int64 [B…, n].
/// - Source: TensorFlow's Lu; a matrix without an inverse is refused.
struct LUFactors: Operator {
    var indexType = ElementType.int32
    var name: String { "Lu" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.matrices(0, square: true)
        return [ValueFact(data.type), ValueFact(indexType, data.shape.map { SymbolicShape(Array($0.dimensions.dropLast())) })]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.matrixwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, indexType: indexType))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let indexType: ElementType

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, n = stack.rows, indexType = indexType
            var scratch = SolverScratch()
            let place = scratch.take(Scalar.self, stack.elementCount), pivots = scratch.take(Int32.self, n)
            let order = scratch.take(Int.self, n)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                let a = place(context), rows = order(context)
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * n * n, stack.type, rows: n, columns: n, into: a)
                    guard Scalar.factor(Int32(n), Int32(n), a, pivots(context)) == 0 else {
                        throw .invalidValue("matrix \(index) is not invertible")
                    }
                    for row in 0..<n { rows[row] = row }
                    for row in 0..<n {
                        let other = Int(pivots(context)[row]) - 1
                        (rows[row], rows[other]) = (rows[other], rows[row])
                    }
                    Scalar.store(a, context.output(0), index * n * n, stack.type, rows: n, columns: n)
                    for row in 0..<n { IntegerMemory.store(rows[row], context.output(1), indexType, index * n + row) }
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}

/// Matrices as products of one with orthonormal columns and an upper triangular one.
///
/// - Shapes: [B…, m, n] → q [B…, m, p] and r [B…, p, n], where p is the smaller of m and n, or m for full matrices.
/// - Source: TensorFlow's Qr.
struct QRFactors: Operator {
    var isFull = false
    var name: String { "Qr" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.matrices(0)
        guard let shape = data.shape else {
            return [ValueFact](repeating: ValueFact(data.elementType, nil as SymbolicShape?), count: 2)
        }
        let rows = shape[shape.rank - 2], columns = shape[shape.rank - 1], batch = Array(shape.dimensions.dropLast(2))
        let inner = isFull ? rows : Dimension.smaller(rows, columns)
        return [
            ValueFact(data.elementType, try SymbolicShape(batch + [rows, inner]).checked("the output")),
            ValueFact(data.elementType, try SymbolicShape(batch + [inner, columns]).checked("the output")),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.matrixwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, isFull: isFull))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let isFull: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, m = stack.rows, n = stack.columns, p = isFull ? m : stack.least
            let workCount = 64 * (m + n + 1)
            var scratch = SolverScratch()
            let place = scratch.take(Scalar.self, m * max(n, p)), tau = scratch.take(Scalar.self, stack.least)
            let upper = scratch.take(Scalar.self, p * n), work = scratch.take(Scalar.self, workCount)
            let kernel = LoopKernel { context in
                let a = place(context), r = upper(context)
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * m * n, stack.type, rows: m, columns: n, into: a)
                    if stack.least > 0 {
                        Scalar.reflect(Int32(m), Int32(n), a, tau(context), work(context), Int32(workCount))
                    }
                    for column in 0..<n {
                        for row in 0..<p { r[column * p + row] = row <= column ? a[column * m + row] : .zeroElement }
                    }
                    Scalar.store(r, context.output(1), index * p * n, stack.type, rows: p, columns: n)
                    if p > 0 {
                        for place in min(n, p) * m..<max(min(n, p), p) * m { a[place] = .zeroElement }
                        Scalar.formReflected(
                            Int32(m), Int32(p), Int32(stack.least), a, tau(context), work(context), Int32(workCount))
                    }
                    Scalar.store(a, context.output(0), index * m * p, stack.type, rows: m, columns: p)
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}

extension Dimension {
    /// The smaller of two extents as far as it is known.
    static func smaller(_ left: Dimension, _ right: Dimension) -> Dimension {
        if let a = left.value, let b = right.value { return .known(min(a, b)) }
        return left == right ? left : .unknown
    }
}
