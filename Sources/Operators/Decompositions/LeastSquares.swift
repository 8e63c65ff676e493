import GraphIR
import Tensors

/// x that brings a x nearest to b: by the normal equations, with a weight on the length of x, or the shortest one.
///
/// - Shapes: a [B…, m, n], b [B…, m, k], weight float64 [] → [B…, n, k].
/// - Source: TensorFlow's MatrixSolveLs; the weight counts in the `fast` form alone.
struct LeastSquares: Operator {
    var isFast = true
    var name: String { "MatrixSolveLs" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let a = try inputs.matrices(0), b = try inputs.matrices(1)
        try inputs.checkSameType(1, as: 0)
        if let shape = try inputs.required(2, of: [.float64]).shape?.concrete, shape.elementCount != 1 {
            throw .invalidInput(index: 2, reason: "has shape \(shape), expected a single number")
        }
        guard let left = a.shape, let right = b.shape else { return [ValueFact(b.elementType, nil as SymbolicShape?)] }
        let joined = zip(left.dimensions.dropLast(), right.dimensions.dropLast()).compactMap(Dimension.unified)
        guard left.rank == right.rank, joined.count == left.rank - 1 else {
            throw .invalidInput(index: 1, reason: "has shape \(right), which does not fit matrices of shape \(left)")
        }
        let result = SymbolicShape(Array(joined.dropLast()) + [left[left.rank - 1], right[right.rank - 1]])
        return [ValueFact(b.elementType, try result.checked("the output"))]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let left = try MatrixStack(context.input(0)), right = try MatrixStack(rightSides: context.input(1))
        if context.makesNothing { return .nothing }
        return try left.type.solver(Maker(left: left, right: right, isFast: isFast))
    }

    private struct Maker: SolverVisitor {
        let left: MatrixStack
        let right: MatrixStack
        let isFast: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            isFast ? try normal(Scalar.self) : shortest(Scalar.self)
        }

        /// By orthogonal factors, for matrices of any rank.
        private func shortest<Scalar: SolverScalar>(_: Scalar.Type) -> CompiledOperator {
            let left = left, (m, n, k) = (left.rows, left.columns, right.columns)
            let workCount = left.least + max(2 * left.least, n + 1, left.least + k) + 64 * (n + k + 1)
            var scratch = SolverScratch()
            let first = scratch.take(Scalar.self, m * n), second = scratch.take(Scalar.self, max(m, n) * k)
            let work = scratch.take(Scalar.self, workCount), real = scratch.take(Double.self, 2 * n)
            let pivots = scratch.take(Int32.self, n)
            let kernel = LoopKernel { context in
                let a = first(context), b = second(context)
                for index in 0..<left.count {
                    b.update(repeating: .zeroElement, count: max(m, n) * k)
                    pivots(context).update(repeating: 0, count: n)
                    Scalar.load(context.input(0), index * m * n, left.type, rows: m, columns: n, into: a)
                    Scalar.load(context.input(1), index * m * k, left.type, rows: m, columns: k, into: b, leading: max(m, n))
                    if m > 0 {
                        Scalar.leastSquares(
                            Int32(m), Int32(n), Int32(k), a, b, pivots(context), work(context), Int32(workCount), real(context))
                    }
                    Scalar.store(b, context.output(0), index * n * k, left.type, rows: n, columns: k, leading: max(m, n))
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }

        /// With G = AᴴA + λ or, for wide matrices, AAᴴ + λ.
        private func normal<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let left = left, (m, n, k) = (left.rows, left.columns, right.columns), isTall = m >= n, least = left.least
            let gram =
                try isTall
                ? MatrixProduct(rows: n, steps: m, columns: n, left: .adjoint)
                : MatrixProduct(rows: m, steps: n, columns: m, right: .adjoint)
            let turn = try MatrixProduct(rows: n, steps: m, columns: k, left: .adjoint)
            var scratch = SolverScratch()
            let first = scratch.take(Scalar.self, m * n), second = scratch.take(Scalar.self, m * k)
            let square = scratch.take(Scalar.self, least * least), turned = scratch.take(Scalar.self, n * k)
            let columns = scratch.take(Scalar.self, least * k)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                let a = first(context), b = second(context), g = square(context), x = turned(context), c = columns(context)
                let weight = Scalar(real: context.input(2, as: Double.self).pointee)
                for index in 0..<left.count {
                    for place in 0..<m * n { a[place] = .load(context.input(0), index * m * n + place, left.type) }
                    for place in 0..<m * k { b[place] = .load(context.input(1), index * m * k + place, left.type) }
                    x.update(repeating: .zeroElement, count: n * k)
                    if m > 0 {
                        Scalar.multiply(gram, a, a, into: g)
                        for place in 0..<least { g[place * least + place] = g[place * least + place].adding(weight) }
                        conjugate(g, least)
                        guard Scalar.cholesky(Int32(least), g) == 0 else {
                            throw .invalidValue(
                                "matrix \(index) is rank deficient or ill-conditioned; a larger l2_regularizer or fast = false may help")
                        }
                        if isTall { Scalar.multiply(turn, a, b, into: x) }
                        let source = isTall ? x : b
                        for row in 0..<least { for column in 0..<k { c[column * least + row] = source[row * k + column] } }
                        Scalar.solveCholesky(Int32(least), Int32(k), g, c)
                        for row in 0..<least { for column in 0..<k { source[row * k + column] = c[column * least + row] } }
                        if !isTall { Scalar.multiply(turn, a, b, into: x) }
                    }
                    for place in 0..<n * k { x[place].store(context.output(0), index * n * k + place, left.type) }
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}

/// A row-major self-adjoint matrix as a column-major one.
private func conjugate<Scalar: SolverScalar>(_ matrix: UnsafeMutablePointer<Scalar>, _ n: Int) {
    for place in 0..<n * n { matrix[place] = matrix[place].conjugate }
}
