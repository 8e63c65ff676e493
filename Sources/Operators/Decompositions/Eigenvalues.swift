import COpenBLAS
import GraphIR
import Tensors

/// Eigenvalues, ascending, and eigenvectors of self-adjoint matrices, which are given by their lower triangles.
///
/// - Shapes: [B…, n, n] → e [B…, n], v [B…, n, n] whose columns are the vectors; v is a 0 when not wanted.
/// - Source: TensorFlow's SelfAdjointEigV2.
struct SelfAdjointEigenvalues: Operator {
    var wantsVectors = true
    var name: String { "SelfAdjointEigV2" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.matrices(0, square: true)
        let values = ValueFact(data.elementType, data.shape.map { SymbolicShape(Array($0.dimensions.dropLast())) })
        return [values, wantsVectors ? ValueFact(data.type) : ValueFact(data.elementType, Shape.scalar)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        wantsVectors ? inputs.matrixwise() : .mixed("has outputs without rows")
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0))
        if context.makesNothing { return .nothing }
        return try stack.type.solver(Maker(stack: stack, wantsVectors: wantsVectors))
    }

    private struct Maker: SolverVisitor {
        let stack: MatrixStack
        let wantsVectors: Bool

        func visit<Scalar: SolverScalar>(_: Scalar.Type) throws(OperatorError) -> CompiledOperator {
            let stack = stack, n = stack.rows, wantsVectors = wantsVectors
            guard let workCount = Int32(exactly: 1 + 6 * n + 2 * n * n), let realCount = Int32(exactly: 1 + 5 * n + 2 * n * n) else {
                throw .unsupported("the eigenvalues of a matrix of \(n) rows")
            }
            var scratch = SolverScratch()
            let matrix = scratch.take(Scalar.self, n * n), values = scratch.take(Double.self, n)
            let work = scratch.take(Scalar.self, Int(workCount)), real = scratch.take(Double.self, Int(realCount))
            let integers = scratch.take(Int32.self, 3 + 5 * n)
            let kernel = LoopKernel { (context) throws(OperatorError) in
                if !wantsVectors { Scalar.zeroElement.store(context.output(1), 0, stack.type) }
                let space = SelfAdjointSpace(
                    a: matrix(context), values: values(context), work: work(context), workCount: workCount,
                    realWork: real(context), realWorkCount: realCount, integers: integers(context), integerCount: Int32(3 + 5 * n))
                for index in 0..<stack.count {
                    Scalar.load(context.input(0), index * n * n, stack.type, rows: n, columns: n, into: space.a)
                    guard Scalar.areFinite(space.a, count: n * n) else {
                        Scalar.storeNaN(context.output(0), index * n..<(index + 1) * n, stack.type)
                        if wantsVectors { Scalar.storeNaN(context.output(1), index * n * n..<(index + 1) * n * n, stack.type) }
                        continue
                    }
                    guard Scalar.selfAdjoint(Int32(n), space, wantsVectors: wantsVectors) == 0 else {
                        throw .invalidValue("the eigenvalues of matrix \(index) were not found")
                    }
                    for place in 0..<n {
                        Scalar(real: space.values[place]).store(context.output(0), index * n + place, stack.type)
                    }
                    if wantsVectors { Scalar.store(space.a, context.output(1), index * n * n, stack.type, rows: n, columns: n) }
                }
            }
            return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
        }
    }
}

/// Eigenvalues and eigenvectors of any square matrices.
///
/// - Shapes: [B…, n, n], real or complex → complex e [B…, n], v [B…, n, n] whose columns are vectors of length 1; v is a 0 when
///   not wanted.
/// - Source: TensorFlow's Eig. The order of the values is LAPACK's.
struct Eigenvalues: Operator {
    var wantsVectors = true
    let resultType: ElementType
    var name: String { "Eig" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.matrices(0, square: true)
        guard resultType.isComplex else { throw .invalidAttribute(name: "Tout", reason: "is \(resultType), expected complex numbers") }
        let values = ValueFact(resultType, data.shape.map { SymbolicShape(Array($0.dimensions.dropLast())) })
        return [values, wantsVectors ? ValueFact(resultType, data.shape) : ValueFact(resultType, Shape.scalar)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        wantsVectors ? inputs.matrixwise() : .mixed("has outputs without rows")
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let stack = try MatrixStack(context.input(0)), n = stack.rows, result = resultType, wantsVectors = wantsVectors
        if context.makesNothing { return .nothing }
        LinearAlgebra.configure()
        typealias Number = Complex<Double>
        let workCount = 34 * n + 2
        var scratch = SolverScratch()
        let matrix = scratch.take(Number.self, n * n), values = scratch.take(Number.self, n)
        let vectors = scratch.take(Number.self, wantsVectors ? n * n : 1), work = scratch.take(Number.self, workCount)
        let real = scratch.take(Double.self, 2 * n)
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let a = matrix(context)
            if !wantsVectors { Number.zeroElement.store(context.output(1), 0, result) }
            for index in 0..<stack.count {
                load(context.input(0), index * n * n, stack.type, n, into: a)
                guard Number.areFinite(a, count: n * n) else {
                    Number.storeNaN(context.output(0), index * n..<(index + 1) * n, result)
                    if wantsVectors { Number.storeNaN(context.output(1), index * n * n..<(index + 1) * n * n, result) }
                    continue
                }
                var (none, job, count, size, info) = (
                    LapackOption.none, wantsVectors ? LapackOption.vectors : LapackOption.none, Int32(workCount), Int32(n), Int32(0)
                )
                var (leading, left, right) = (Int32(max(n, 1)), Int32(1), Int32(max(n, 1)))
                zgeev_(
                    &none, &job, &size, a, &leading, values(context), vectors(context), &left, vectors(context), &right,
                    work(context), &count, real(context), &info, 1, 1)
                guard info == 0 else { throw .invalidValue("the eigenvalues of matrix \(index) were not found") }
                for place in 0..<n { values(context)[place].store(context.output(0), index * n + place, result) }
                if wantsVectors { Number.store(vectors(context), context.output(1), index * n * n, result, rows: n, columns: n) }
            }
        }
        return CompiledOperator(kernel, scratchByteCount: scratch.byteCount)
    }
}

/// A row-major square matrix of real or complex numbers as a column-major complex one.
func load(
    _ address: UnsafeRawPointer, _ offset: Int, _ type: ElementType, _ n: Int, into matrix: UnsafeMutablePointer<Complex<Double>>
) {
    if type.isComplex { return Complex<Double>.load(address, offset, type, rows: n, columns: n, into: matrix) }
    for row in 0..<n {
        for column in 0..<n { matrix[column * n + row] = Complex(Double.load(address, offset + row * n + column, type)) }
    }
}
