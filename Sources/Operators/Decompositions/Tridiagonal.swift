import GraphIR
import Tensors

/// x with a x = b for matrices of three diagonals.
///
/// - Shapes: diagonals [B…, 3, n] (above, main, below; each element over its row), b [B…, n, m] → [B…, n, m]. Where a pivot is 0 the
///   result is NaN.
/// - Source: TensorFlow's TridiagonalSolve.
struct TridiagonalSolve: Operator {
    var pivots = true

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let diagonals = try inputs.matrices(0), b = try inputs.matrices(1)
        try inputs.checkSameType(1, as: 0)
        guard let left = diagonals.shape, let right = b.shape else { return [ValueFact(b.type)] }
        let joined = zip(left.dimensions.dropLast(2), right.dimensions.dropLast(2)).compactMap(Dimension.unified)
        guard left.rank == right.rank, joined.count == left.rank - 2, Dimension.unified(left[left.rank - 2], .known(3)) != nil,
            Dimension.unified(left[left.rank - 1], right[right.rank - 2]) != nil
        else { throw .invalidInput(index: 1, reason: "has shape \(right), which does not fit diagonals of shape \(left)") }
        return [ValueFact(b.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.axis(0), inputs.axis(1) == along, along < (inputs.extents(0)?.count ?? 0) - 2 else {
            return .mixed(RowReason.positional)
        }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let left = try MatrixStack(unlimited: context.input(0)), right = try MatrixStack(unlimited: context.input(1))
        return try left.type.solver(Maker(left: left, right: right, pivots: pivots))
    }

    private struct Maker: SolverVisitor {
        let left: MatrixStack
        let right: MatrixStack
        let pivots: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let left = left, n = right.rows, m = right.columns, pivots = pivots
            var scratch = SolverScratch()
            let diagonals = scratch.take(Scalar.self, ByteCount.product(4, n))
            let columns = scratch.take(Scalar.self, right.elementCount)
            let kernel = LoopKernel { context in
                let d = diagonals(context), b = columns(context)
                let system = TridiagonalSystem(n: n, m: m, above: d, main: d + n, below: d + 2 * n, second: d + 3 * n, b: b)
                for index in 0..<left.count {
                    for place in 0..<3 * n { d[place] = .load(context.input(0), index * 3 * n + place, left.type) }
                    for place in 0..<n * m { b[place] = .load(context.input(1), index * n * m + place, left.type) }
                    if !system.solve(pivots: pivots) { b.update(repeating: Scalar(real: .nan), count: n * m) }
                    for place in 0..<n * m { b[place].store(context.output(0), index * n * m + place, left.type) }
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}

extension MatrixStack {
    /// For computations that are no library's.
    init(unlimited spec: TensorSpec) {
        let shape = spec.shape, rank = shape.rank
        self.init(count: shape.elementCount(in: 0..<rank - 2), rows: shape[rank - 2], columns: shape[rank - 1], type: spec.elementType)
    }
}

/// Elimination row by row. Exchanged rows reach one diagonal further up.
private struct TridiagonalSystem<Scalar: SolverScalar> {
    let n: Int
    let m: Int
    let above: UnsafeMutablePointer<Scalar>
    let main: UnsafeMutablePointer<Scalar>
    let below: UnsafeMutablePointer<Scalar>
    let second: UnsafeMutablePointer<Scalar>
    let b: UnsafeMutablePointer<Scalar>

    /// x in place of b; false when a pivot is 0.
    func solve(pivots: Bool) -> Bool {
        second.update(repeating: .zeroElement, count: n)
        for row in 0..<n {
            guard row + 1 < n else { break }
            if pivots, below[row + 1].absoluteValue > main[row].absoluteValue { exchange(row) }
            guard main[row].absoluteValue != 0 else { return false }
            let factor = below[row + 1].divided(by: main[row])
            main[row + 1] = main[row + 1].subtracting(factor.multiplied(by: above[row]))
            if row + 2 < n { above[row + 1] = above[row + 1].subtracting(factor.multiplied(by: second[row])) }
            for column in 0..<m {
                b[(row + 1) * m + column] = b[(row + 1) * m + column].subtracting(factor.multiplied(by: b[row * m + column]))
            }
        }
        for row in (0..<n).reversed() {
            guard main[row].absoluteValue != 0 else { return false }
            for column in 0..<m {
                var rest = b[row * m + column]
                if row + 1 < n { rest = rest.subtracting(above[row].multiplied(by: b[(row + 1) * m + column])) }
                if row + 2 < n { rest = rest.subtracting(second[row].multiplied(by: b[(row + 2) * m + column])) }
                b[row * m + column] = rest.divided(by: main[row])
            }
        }
        return true
    }

    /// Row `row` and the next one change places.
    private func exchange(_ row: Int) {
        (main[row], below[row + 1]) = (below[row + 1], main[row])
        (above[row], main[row + 1]) = (main[row + 1], above[row])
        if row + 2 < n { (second[row], above[row + 1]) = (above[row + 1], second[row]) }
        for column in 0..<m { (b[row * m + column], b[(row + 1) * m + column]) = (b[(row + 1) * m + column], b[row * m + column]) }
    }
}

/// The product of matrices of three diagonals with others.
///
/// - Shapes: the diagonals above, main and below [B…, 1, n] (each element over its row), b [B…, n, m] → [B…, n, m].
/// - Source: TensorFlow's TridiagonalMatMul.
struct TridiagonalProduct: Operator {
    var name: String { "TridiagonalMatMul" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let b = try inputs.matrices(3)
        for index in 0..<3 {
            let diagonal = try inputs.matrices(index)
            try inputs.checkSameType(index, as: 3)
            guard let left = diagonal.shape, let right = b.shape else { continue }
            let joined = zip(left.dimensions.dropLast(2), right.dimensions.dropLast(2)).compactMap(Dimension.unified)
            guard left.rank == right.rank, joined.count == left.rank - 2, Dimension.unified(left[left.rank - 2], .known(1)) != nil,
                Dimension.unified(left[left.rank - 1], right[right.rank - 2]) != nil
            else { throw .invalidInput(index: index, reason: "has shape \(left), which does not fit \(right)") }
        }
        return [ValueFact(b.type)]
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let right = try MatrixStack(unlimited: context.input(3))
        return try right.type.solver(Maker(right: right))
    }

    private struct Maker: SolverVisitor {
        let right: MatrixStack

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let right = right, n = right.rows, m = right.columns
            return CompiledOperator(
                LoopKernel { context in
                    for place in 0..<right.count * n * m {
                        let line = place / m, row = line % n
                        func part(_ input: Int, _ distance: Int) -> Scalar {
                            let factor = Scalar.load(context.input(input), line, right.type)
                            return factor.multiplied(by: .load(context.input(3), place + distance * m, right.type))
                        }
                        var sum = part(1, 0)
                        if row + 1 < n { sum = sum.adding(part(0, 1)) }
                        if row > 0 { sum = sum.adding(part(2, -1)) }
                        sum.store(context.output(0), place, right.type)
                    }
                })
        }
    }
}
