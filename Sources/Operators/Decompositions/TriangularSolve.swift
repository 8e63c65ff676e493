import GraphIR
import Tensors

/// x with a x = b for triangular matrices: whole ones, or their bands.
///
/// - Shapes: a [B…, n, n], or bands [B…, k, n] from the main diagonal outwards, each element over its row; b [B…, n, m] →
///   [B…, n, m]; leading axes broadcast.
/// - Source: TensorFlow's MatrixTriangularSolve, where a 0 on the diagonal gives infinities, and BandedTriangularSolve, where it is
///   refused.
struct TriangularSolve: Operator {
    var lower = true
    var adjoint = false
    var isBanded = false

    var name: String { isBanded ? "BandedTriangularSolve" : "MatrixTriangularSolve" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let a = try inputs.matrices(0, square: !isBanded), b = try inputs.matrices(1)
        try inputs.checkSameType(1, as: 0)
        guard let left = a.shape, let right = b.shape else { return [ValueFact(b.elementType, nil as SymbolicShape?)] }
        guard let rows = Dimension.unified(left[left.rank - 1], right[right.rank - 2]) else {
            throw .invalidInput(index: 1, reason: "has shape \(right), which does not fit matrices of shape \(left)")
        }
        if isBanded, let bands = left[left.rank - 2].value, let rows = rows.value, bands < 1 || bands > max(rows, 1) {
            throw .invalidInput(index: 0, reason: "has \(bands) bands for \(rows) rows")
        }
        let batches = [left, right].map { SymbolicShape(Array($0.dimensions.dropLast(2))) }
        guard let batch = SymbolicShape.broadcast(batches[0], batches[1]) else {
            throw .invalidInput(index: 1, reason: "has shape \(right), whose leading axes do not broadcast with those of \(left)")
        }
        let result = SymbolicShape(batch.dimensions + [rows, right[right.rank - 1]])
        return [ValueFact(b.elementType, try result.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let left = inputs.extents(0), let right = inputs.extents(1) else { return .mixed(RowReason.unknown) }
        for (index, extents) in [left, right].enumerated() {
            if let axis = inputs.axis(index), axis >= extents.count - 2 { return .mixed(RowReason.joined) }
        }
        return inputs.broadcast([
            RowOperand(extents: left.dropLast(2), axis: inputs.axis(0)), RowOperand(extents: right.dropLast(2), axis: inputs.axis(1)),
        ])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let a = try context.input(0), b = try context.input(1)
        let walk = StridedWalk.matrices(a.shape, b.shape, context.outputs[0].shape)
        return try a.elementType.solver(
            Maker(op: self, left: try MatrixStack(rightSides: a), right: try MatrixStack(rightSides: b), walk: walk))
    }

    private struct Maker: SolverVisitor {
        let op: TriangularSolve
        let left: MatrixStack
        let right: MatrixStack
        let walk: StridedWalk

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let op = op, n = right.rows, m = right.columns, bands = left.rows, type = left.type, walk = walk
            var scratch = SolverScratch()
            let matrix = scratch.take(Scalar.self, n * n), columns = scratch.take(Scalar.self, n * m)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                let a = matrix(context), b = columns(context)
                var isSingular = false
                walk.forEachMatrix { first, second, target in
                    if op.isBanded {
                        a.update(repeating: .zeroElement, count: n * n)
                        for band in 0..<bands {
                            let distance = op.lower ? band : bands - 1 - band
                            for row in 0..<n {
                                let column = op.lower ? row - distance : row + distance
                                guard column >= 0, column < n else { continue }
                                a[row * n + column] = .load(context.input(0), first * bands * n + band * n + row, type)
                            }
                        }
                        for row in 0..<n where a[row * n + row].absoluteValue == 0 { isSingular = true }
                    } else {
                        for place in 0..<n * n { a[place] = .load(context.input(0), first * n * n + place, type) }
                    }
                    for place in 0..<n * m { b[place] = .load(context.input(1), second * n * m + place, type) }
                    if !isSingular { Scalar.solveTriangular(Int32(n), Int32(m), a, b, lower: op.lower, adjoint: op.adjoint) }
                    for place in 0..<n * m { b[place].store(context.output(0), target * n * m + place, type) }
                }
                if isSingular { throw .invalidValue("a matrix is not invertible: its diagonal has a 0") }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}

extension StridedWalk {
    /// The matrices of two stacks whose leading axes broadcast, and of the result, by number.
    static func matrices(_ left: Shape, _ right: Shape, _ result: Shape) -> StridedWalk {
        let rank = result.rank - 2
        var axes: [Axis] = [], strides = (left: 1, right: 1, result: 1)
        for axis in (0..<rank).reversed() {
            let a = axis + left.rank - result.rank, b = axis + right.rank - result.rank
            let first = a < 0 ? 1 : left[a], second = b < 0 ? 1 : right[b]
            axes.append(
                Axis(
                    extent: result[axis], first: first == 1 ? 0 : strides.left, second: second == 1 ? 0 : strides.right,
                    target: strides.result))
            strides = (strides.left * first, strides.right * second, strides.result * result[axis])
        }
        return StridedWalk(axes.reversed())
    }

    func forEachMatrix(_ body: (_ first: Int, _ second: Int, _ target: Int) -> Void) {
        forEachRow { first, second, target, inner in
            for index in 0..<inner.extent {
                body(first + index * inner.first, second + index * inner.second, target + index * inner.target)
            }
        }
    }
}
