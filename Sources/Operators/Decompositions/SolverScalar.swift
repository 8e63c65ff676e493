import COpenBLAS
import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A number that LAPACK computes with: real or complex, in double precision.
///
/// Matrices of less precise elements are widened when they are loaded, and rounded once when they are stored. Matrices for LAPACK
/// are column-major.
protocol SolverScalar: ContractionScalar {
    init(real: Double)
    static func load(_ address: UnsafeRawPointer, _ index: Int, _ type: ElementType) -> Self
    func store(_ address: UnsafeMutableRawPointer, _ index: Int, _ type: ElementType)
    var conjugate: Self { get }
    var absoluteValue: Double { get }
    var negated: Self { get }
    func divided(by other: Self) -> Self

    /// LU factors in place of `a` [rows, columns]; 0, or the 1-based place of the first pivot that is 0.
    static func factor(_ rows: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Self>, _ pivots: UnsafeMutablePointer<Int32>) -> Int32
    /// Solves with LU factors, those of the adjoint on request.
    static func solve(
        _ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Self>, _ pivots: UnsafeMutablePointer<Int32>,
        _ b: UnsafeMutablePointer<Self>, adjoint: Bool)
    static func invert(
        _ n: Int32, _ a: UnsafeMutablePointer<Self>, _ pivots: UnsafeMutablePointer<Int32>, _ work: UnsafeMutablePointer<Self>,
        _ workCount: Int32)
    /// The lower Cholesky factor in place of the lower triangle; other than 0 when there is none.
    static func cholesky(_ n: Int32, _ a: UnsafeMutablePointer<Self>) -> Int32
    static func solveCholesky(_ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Self>, _ b: UnsafeMutablePointer<Self>)
    /// Householder reflectors and the upper factor in place of `a`.
    static func reflect(
        _ rows: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Self>, _ tau: UnsafeMutablePointer<Self>,
        _ work: UnsafeMutablePointer<Self>, _ workCount: Int32)
    /// The first `columns` columns of the product of `count` reflectors, in their place.
    static func formReflected(
        _ rows: Int32, _ columns: Int32, _ count: Int32, _ a: UnsafeMutablePointer<Self>, _ tau: UnsafeMutablePointer<Self>,
        _ work: UnsafeMutablePointer<Self>, _ workCount: Int32)
    /// Singular values, and the vectors that `job` asks for (N, S or A).
    static func singular(_ job: Int8, _ rows: Int32, _ columns: Int32, _ space: SingularSpace<Self>) -> Int32
    /// Eigenvalues, ascending, and vectors of a self-adjoint matrix that is given by its lower triangle.
    static func selfAdjoint(_ n: Int32, _ space: SelfAdjointSpace<Self>, wantsVectors: Bool) -> Int32
    /// The shortest x that brings a x nearest to b; `b` has max(rows, columns) rows.
    static func leastSquares(
        _ rows: Int32, _ columns: Int32, _ rightColumns: Int32, _ a: UnsafeMutablePointer<Self>, _ b: UnsafeMutablePointer<Self>,
        _ pivots: UnsafeMutablePointer<Int32>, _ work: UnsafeMutablePointer<Self>, _ workCount: Int32,
        _ realWork: UnsafeMutablePointer<Double>)
    /// x in place of b for triangular `a` [n, n] and `b` [n, columns], both row-major.
    static func solveTriangular(
        _ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Self>, _ b: UnsafeMutablePointer<Self>, lower: Bool, adjoint: Bool)
}

extension SolverScalar {
    func subtracting(_ other: Self) -> Self { adding(other.negated) }

    /// Whether iterations over these numbers come to an end: with an infinity or a NaN among them LAPACK's may not.
    static func areFinite(_ numbers: UnsafePointer<Self>, count: Int) -> Bool {
        for place in 0..<count where !numbers[place].absoluteValue.isFinite { return false }
        return true
    }

    /// Writes NaN to elements of an output.
    static func storeNaN(_ address: UnsafeMutableRawPointer, _ range: Range<Int>, _ type: ElementType) {
        for place in range { Self(real: .nan).store(address, place, type) }
    }

    /// A row-major matrix in memory as a column-major one.
    static func load(
        _ address: UnsafeRawPointer, _ offset: Int, _ type: ElementType, rows: Int, columns: Int, into matrix: UnsafeMutablePointer<Self>,
        leading: Int? = nil
    ) {
        let leading = leading ?? rows
        for row in 0..<rows {
            for column in 0..<columns { matrix[column * leading + row] = load(address, offset + row * columns + column, type) }
        }
    }

    /// A column-major matrix as a row-major one in memory.
    static func store(
        _ matrix: UnsafePointer<Self>, _ address: UnsafeMutableRawPointer, _ offset: Int, _ type: ElementType, rows: Int,
        columns: Int, leading: Int? = nil
    ) {
        let leading = leading ?? rows
        for row in 0..<rows {
            for column in 0..<columns { matrix[column * leading + row].store(address, offset + row * columns + column, type) }
        }
    }
}

/// Memory of a singular value decomposition.
struct SingularSpace<Scalar> {
    let a: UnsafeMutablePointer<Scalar>
    let values: UnsafeMutablePointer<Double>
    let left: UnsafeMutablePointer<Scalar>
    let leftLeading: Int32
    let right: UnsafeMutablePointer<Scalar>
    let rightLeading: Int32
    let work: UnsafeMutablePointer<Scalar>
    let workCount: Int32
    let realWork: UnsafeMutablePointer<Double>
    let integers: UnsafeMutablePointer<Int32>
}

/// Memory of an eigenvalue decomposition.
struct SelfAdjointSpace<Scalar> {
    let a: UnsafeMutablePointer<Scalar>
    let values: UnsafeMutablePointer<Double>
    let work: UnsafeMutablePointer<Scalar>
    let workCount: Int32
    let realWork: UnsafeMutablePointer<Double>
    let realWorkCount: Int32
    let integers: UnsafeMutablePointer<Int32>
    let integerCount: Int32
}

/// The characters that LAPACK's routines take as options.
enum LapackOption {
    static let none = Int8(bitPattern: UInt8(ascii: "N"))
    static let vectors = Int8(bitPattern: UInt8(ascii: "V"))
    static let some = Int8(bitPattern: UInt8(ascii: "S"))
    static let all = Int8(bitPattern: UInt8(ascii: "A"))
    static let lower = Int8(bitPattern: UInt8(ascii: "L"))
    static let adjoint = Int8(bitPattern: UInt8(ascii: "C"))
}
