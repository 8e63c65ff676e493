import GraphIR
import Tensors

/// Singular values, descending, and the vectors that belong to them: matrix = u · diagonal(s) · adjoint(v).
///
/// - Shapes: [B…, m, n] → s [B…, p], u [B…, m, p] and v [B…, n, p], p being the smaller of m and n; u [B…, m, m] and v [B…, n, n]
///   when full; u and v are a 0 each when not wanted.
/// - Numerics: a matrix with an infinity or a NaN has NaN everywhere.
/// - Source: TensorFlow's Svd.
struct SingularValues: Operator {
    var wantsVectors = true
    var isFull = false
    var name: String { "Svd" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.matrices(0), type = data.elementType
        guard let shape = data.shape else { return [ValueFact](repeating: ValueFact(type, nil as SymbolicShape?), count: 3) }
        let rows = shape[shape.rank - 2], columns = shape[shape.rank - 1], batch = Array(shape.dimensions.dropLast(2))
        let inner = Dimension.smaller(rows, columns)
        let values = ValueFact(type, SymbolicShape(batch + [inner]))
        guard wantsVectors else { return [values, ValueFact(type, Shape.scalar), ValueFact(type, Shape.scalar)] }
        return [
            values, ValueFact(type, try SymbolicShape(batch + [rows, isFull ? rows : inner]).checked("the output")),
            ValueFact(type, try SymbolicShape(batch + [columns, isFull ? columns : inner]).checked("the output")),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        wantsVectors ? inputs.matrixwise() : .mixed("has outputs without rows")
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, wantsVectors: wantsVectors, isFull: isFull))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let wantsVectors: Bool
        let isFull: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, m = stack.rows, n = stack.columns, p = stack.least, q = stack.largest
            let job = wantsVectors ? (isFull ? LapackOption.all : LapackOption.some) : LapackOption.none
            let (leftColumns, rightRows) = isFull ? (m, n) : (p, p)
            let wantsVectors = wantsVectors
            let workCount = try count(5 * p * p + 10 * p + 64 * (m + n + 1))
            var scratch = SolverScratch()
            let matrix = scratch.take(Scalar.self, m * n), values = scratch.take(Double.self, p)
            let left = scratch.take(Scalar.self, wantsVectors ? m * leftColumns : 1)
            let right = scratch.take(Scalar.self, wantsVectors ? n * rightRows : 1)
            let work = scratch.take(Scalar.self, Int(workCount)), integers = scratch.take(Int32.self, 8 * p)
            let real = scratch.take(Double.self, max(5 * p * p + 7 * p, 2 * q * p + 2 * p * p + p) + 1)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                if !wantsVectors { for output in 1...2 { Scalar.zeroElement.store(context.output(output), 0, stack.type) } }
                let space = SingularSpace(
                    a: matrix(context), values: values(context), left: left(context), leftLeading: Int32(max(m, 1)),
                    right: right(context), rightLeading: Int32(max(rightRows, 1)), work: work(context), workCount: workCount,
                    realWork: real(context), integers: integers(context))
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * m * n, stack.type, rows: m, columns: n, into: space.a)
                    guard Scalar.areFinite(space.a, count: m * n) else {
                        Scalar.storeNaN(context.output(0), index * p..<(index + 1) * p, stack.type)
                        guard wantsVectors else { continue }
                        let (first, second) = (m * leftColumns, n * rightRows)
                        Scalar.storeNaN(context.output(1), index * first..<(index + 1) * first, stack.type)
                        Scalar.storeNaN(context.output(2), index * second..<(index + 1) * second, stack.type)
                        continue
                    }
                    if p > 0 {
                        guard Scalar.singular(job, Int32(m), Int32(n), space) == 0 else {
                            throw .invalidValue("the singular values of matrix \(index) were not found")
                        }
                    } else {
                        identity(space.left, m, leftColumns, isWanted: wantsVectors)
                        identity(space.right, rightRows, n, isWanted: wantsVectors)
                    }
                    for place in 0..<p {
                        Scalar(real: space.values[place]).store(context.output(0), index * p + place, stack.type)
                    }
                    guard wantsVectors else { continue }
                    Scalar.store(
                        space.left, context.output(1), index * m * leftColumns, stack.type, rows: m, columns: leftColumns)
                    for row in 0..<n {
                        for column in 0..<rightRows {
                            space.right[row * rightRows + column].conjugate.store(
                                context.output(2), (index * n + row) * rightRows + column, stack.type)
                        }
                    }
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }

        private func count(_ value: Int) throws(OperatorError) -> Int32 {
            guard let count = Int32(exactly: value) else {
                throw .unsupported("the decomposition of a matrix of \(stack.rows) rows and \(stack.columns) columns")
            }
            return count
        }
    }
}

private func identity<Scalar: SolverScalar>(_ matrix: UnsafeMutablePointer<Scalar>, _ rows: Int, _ columns: Int, isWanted: Bool) {
    guard isWanted else { return }
    for column in 0..<columns {
        for row in 0..<rows { matrix[column * rows + row] = Scalar(real: row == column ? 1 : 0) }
    }
}
