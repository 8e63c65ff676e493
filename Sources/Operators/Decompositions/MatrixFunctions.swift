import COpenBLAS
import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Functions of square matrices by way of their Schur forms, in complex double precision.
///
/// - Shapes: [B…, n, n] → the same.
/// - Source: TensorFlow's MatrixSquareRoot (of real matrices with a negative eigenvalue it is NaN) and MatrixLogarithm.
struct MatrixFunction: Operator {
    enum Function: String, Sendable { case squareRoot = "MatrixSquareRoot", logarithm = "MatrixLogarithm" }

    let function: Function
    var name: String { function.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        return [ValueFact(try inputs.matrices(0, square: true).type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.matrixwise() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0)), n = stack.rows, function = function
        if context.makesNothing { return .nothing }
        LinearAlgebra.configure()
        typealias Number = Complex<Double>
        let workCount = 34 * n + 2
        // Column-major: a = u t adjoint(u). `MatrixProduct` is row-major, which makes both sides transposed.
        let product = try MatrixProduct(rows: n, steps: n, columns: n)
        let last = try MatrixProduct(rows: n, steps: n, columns: n, left: .adjoint)
        var scratch = SolverScratch()
        let schur = scratch.take(Number.self, n * n), basis = scratch.take(Number.self, n * n)
        let first = scratch.take(Number.self, n * n), second = scratch.take(Number.self, n * n)
        let third = scratch.take(Number.self, n * n)
        let values = scratch.take(Number.self, n), work = scratch.take(Number.self, workCount)
        let real = scratch.take(Double.self, n), flags = scratch.take(Int32.self, n)
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let t = schur(context), u = basis(context)
            for index in 0..<stack.count {
                load(context.input(0), index * n * n, stack.type, n, into: t)
                guard Number.areFinite(t, count: n * n) else {
                    let range = index * n * n..<(index + 1) * n * n
                    if stack.type.isComplex {
                        Number.storeNaN(context.output(0), range, stack.type)
                    } else {
                        Double.storeNaN(context.output(0), range, stack.type)
                    }
                    continue
                }
                var (job, sort, size, leading, other, found, count, info) = (
                    LapackOption.vectors, LapackOption.none, Int32(n), Int32(max(n, 1)), Int32(max(n, 1)), Int32(0),
                    Int32(workCount), Int32(0)
                )
                zgees_(
                    &job, &sort, nil, &size, t, &leading, &found, values(context), u, &other, work(context), &count,
                    real(context), flags(context), &info, 1, 1)
                guard info == 0 else { throw .invalidValue("the Schur form of matrix \(index) was not found") }
                let f = TriangularFunctions(n: n, result: first(context), spare: second(context), sum: third(context))
                switch function {
                case .squareRoot: f.squareRoot(of: t, into: first(context))
                case .logarithm: f.logarithm(of: t)
                }
                if function == .squareRoot, !stack.type.isComplex, f.hasNegative(t) {
                    first(context).update(repeating: Number(.nan), count: n * n)
                }
                let result = function == .squareRoot ? first(context) : third(context)
                // Row-major memory of a column-major matrix is its transpose: (u r uᴴ)ᵀ = conj(u) rᵀ uᵀ.
                Number.multiply(product, result, u, into: second(context))
                Number.multiply(last, u, second(context), into: t)
                for row in 0..<n {
                    for column in 0..<n {
                        let value = t[column * n + row], place = index * n * n + row * n + column
                        if stack.type.isComplex {
                            value.store(context.output(0), place, stack.type)
                        } else {
                            value.real.store(context.output(0), place, stack.type)
                        }
                    }
                }
            }
        }
        return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
    }
}

/// Functions of upper triangular matrices, column-major.
private struct TriangularFunctions {
    typealias Number = Complex<Double>
    let n: Int
    let result: UnsafeMutablePointer<Number>
    let spare: UnsafeMutablePointer<Number>
    let sum: UnsafeMutablePointer<Number>

    /// Whether an eigenvalue lies on the negative real axis.
    func hasNegative(_ t: UnsafeMutablePointer<Number>) -> Bool {
        (0..<n).contains { place in
            let value = t[place * n + place]
            return value.real < 0 && abs(value.imaginary) <= abs(value.real) * 1e-12
        }
    }

    func squareRoot(of t: UnsafeMutablePointer<Number>, into r: UnsafeMutablePointer<Number>) {
        r.update(repeating: .zeroElement, count: n * n)
        for column in 0..<n {
            r[column * n + column] = root(t[column * n + column])
            for row in (0..<column).reversed() {
                var rest = t[column * n + row]
                for place in row + 1..<max(column, row + 1) {
                    rest = rest.subtracting(r[place * n + row].multiplied(by: r[column * n + place]))
                }
                let divisor = r[row * n + row].adding(r[column * n + column])
                let isNothing = divisor.absoluteValue == 0 && rest.absoluteValue == 0
                r[column * n + row] = isNothing ? .zeroElement : rest.divided(by: divisor)
            }
        }
    }

    private func root(_ value: Number) -> Number {
        let size = value.absoluteValue
        guard size > 0 else { return .zeroElement }
        if value.real >= 0 {
            let real = ((size + value.real) / 2).squareRoot()
            return Number(real, value.imaginary / (2 * real))
        }
        let imaginary = ((size - value.real) / 2).squareRoot() * (value.imaginary < 0 ? -1 : 1)
        return Number(value.imaginary / (2 * imaginary), imaginary)
    }

    /// Roots are taken until the matrix is near 1; there the logarithm is an integral of (t - 1) (1 + x (t - 1))⁻¹ over x from 0
    /// to 1, which a few points give exactly enough. The result is in `sum`.
    func logarithm(of t: UnsafeMutablePointer<Number>) {
        var scale = 1.0
        for _ in 0..<64 {
            var distance = 0.0
            for column in 0..<n {
                var size = 0.0
                for row in 0...column {
                    size += t[column * n + row].subtracting(Number(row == column ? 1 : 0)).absoluteValue
                }
                distance = max(distance, size)
            }
            if !(distance > 0.25) { break }
            squareRoot(of: t, into: result)
            t.update(from: result, count: n * n)
            scale *= 2
        }
        sum.update(repeating: .zeroElement, count: n * n)
        for place in 0..<n { t[place * n + place] = t[place * n + place].subtracting(Number(1)) }
        for point in GaussLegendre.points {
            // Column by column (1 + x t) y = t, from the last row up.
            for column in 0..<n {
                for row in (0...column).reversed() {
                    var rest = t[column * n + row]
                    for place in row + 1..<max(column + 1, row + 1) {
                        let factor = t[place * n + row].multiplied(by: Number(point.place))
                        rest = rest.subtracting(factor.multiplied(by: spare[column * n + place]))
                    }
                    let divisor = Number(1).adding(t[row * n + row].multiplied(by: Number(point.place)))
                    spare[column * n + row] = rest.divided(by: divisor)
                    let part = spare[column * n + row].multiplied(by: Number(point.weight * scale))
                    sum[column * n + row] = sum[column * n + row].adding(part)
                }
            }
        }
    }
}

/// Places and weights of Gauss and Legendre for integrals from 0 to 1.
private enum GaussLegendre {
    static let points: [(place: Double, weight: Double)] = {
        let count = 12
        return (0..<count).map { index in
            var x = cos(Double.pi * (Double(index) + 0.75) / (Double(count) + 0.5)), slope = 0.0
            for _ in 0..<50 {
                var (before, value) = (1.0, x)
                for degree in 2...count {
                    (before, value) = (value, ((2 * Double(degree) - 1) * x * value - (Double(degree) - 1) * before) / Double(degree))
                }
                slope = Double(count) * (x * value - before) / (x * x - 1)
                let step = value / slope
                x -= step
                if abs(step) < 1e-16 { break }
            }
            return ((1 - x) / 2, 1 / ((1 - x * x) * slope * slope))
        }
    }()
}
