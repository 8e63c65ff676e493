import COpenBLAS
import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Complex: SolverScalar where Part == Double {
    init(real: Double) { self.init(real) }

    static func load(_ address: UnsafeRawPointer, _ index: Int, _ type: ElementType) -> Complex {
        if type == .complex128 { return address.assumingMemoryBound(to: Complex.self)[index] }
        let value = address.assumingMemoryBound(to: Tensors.Complex<Float>.self)[index]
        return Complex(Double(value.real), Double(value.imaginary))
    }

    func store(_ address: UnsafeMutableRawPointer, _ index: Int, _ type: ElementType) {
        if type == .complex128 {
            address.assumingMemoryBound(to: Complex.self)[index] = self
        } else {
            address.assumingMemoryBound(to: Tensors.Complex<Float>.self)[index] = Tensors.Complex(Float(real), Float(imaginary))
        }
    }

    var absoluteValue: Double { hypot(real, imaginary) }
    var negated: Complex { -self }

    func divided(by other: Complex) -> Complex {
        // Scaled by the larger part of the divisor, so that its square neither overflows nor vanishes.
        if abs(other.real) >= abs(other.imaginary) {
            let ratio = other.imaginary / other.real, scale = other.real + other.imaginary * ratio
            return Complex((real + imaginary * ratio) / scale, (imaginary - real * ratio) / scale)
        }
        let ratio = other.real / other.imaginary, scale = other.real * ratio + other.imaginary
        return Complex((real * ratio + imaginary) / scale, (imaginary * ratio - real) / scale)
    }

    static func factor(
        _ rows: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Complex>, _ pivots: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        var (rows, columns, leading, info) = (rows, columns, max(rows, 1), Int32(0))
        zgetrf_(&rows, &columns, a, &leading, pivots, &info)
        return info
    }

    static func solve(
        _ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Complex>, _ pivots: UnsafeMutablePointer<Int32>,
        _ b: UnsafeMutablePointer<Complex>, adjoint: Bool
    ) {
        var form = adjoint ? LapackOption.adjoint : LapackOption.none
        var (n, columns, leading, other, info) = (n, columns, max(n, 1), max(n, 1), Int32(0))
        zgetrs_(&form, &n, &columns, a, &leading, pivots, b, &other, &info, 1)
    }

    static func invert(
        _ n: Int32, _ a: UnsafeMutablePointer<Complex>, _ pivots: UnsafeMutablePointer<Int32>, _ work: UnsafeMutablePointer<Complex>,
        _ workCount: Int32
    ) {
        var (n, leading, count, info) = (n, max(n, 1), workCount, Int32(0))
        zgetri_(&n, a, &leading, pivots, work, &count, &info)
    }

    static func cholesky(_ n: Int32, _ a: UnsafeMutablePointer<Complex>) -> Int32 {
        var (triangle, n, leading, info) = (LapackOption.lower, n, max(n, 1), Int32(0))
        zpotrf_(&triangle, &n, a, &leading, &info, 1)
        return info
    }

    static func solveCholesky(_ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Complex>, _ b: UnsafeMutablePointer<Complex>) {
        var (triangle, n, columns, leading, other, info) = (LapackOption.lower, n, columns, max(n, 1), max(n, 1), Int32(0))
        zpotrs_(&triangle, &n, &columns, a, &leading, b, &other, &info, 1)
    }

    static func reflect(
        _ rows: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Complex>, _ tau: UnsafeMutablePointer<Complex>,
        _ work: UnsafeMutablePointer<Complex>, _ workCount: Int32
    ) {
        var (rows, columns, leading, count, info) = (rows, columns, max(rows, 1), workCount, Int32(0))
        zgeqrf_(&rows, &columns, a, &leading, tau, work, &count, &info)
    }

    static func formReflected(
        _ rows: Int32, _ columns: Int32, _ count: Int32, _ a: UnsafeMutablePointer<Complex>, _ tau: UnsafeMutablePointer<Complex>,
        _ work: UnsafeMutablePointer<Complex>, _ workCount: Int32
    ) {
        var (rows, columns, reflectors, leading, count, info) = (rows, columns, count, max(rows, 1), workCount, Int32(0))
        zungqr_(&rows, &columns, &reflectors, a, &leading, tau, work, &count, &info)
    }

    static func singular(_ job: Int8, _ rows: Int32, _ columns: Int32, _ space: SingularSpace<Complex>) -> Int32 {
        var (job, rows, columns, leading, info) = (job, rows, columns, max(rows, 1), Int32(0))
        var (left, right, count) = (space.leftLeading, space.rightLeading, space.workCount)
        zgesdd_(
            &job, &rows, &columns, space.a, &leading, space.values, space.left, &left, space.right, &right, space.work, &count,
            space.realWork, space.integers, &info, 1)
        return info
    }

    static func selfAdjoint(_ n: Int32, _ space: SelfAdjointSpace<Complex>, wantsVectors: Bool) -> Int32 {
        var (job, triangle) = (wantsVectors ? LapackOption.vectors : LapackOption.none, LapackOption.lower)
        var (n, leading, info, count, integerCount) = (n, max(n, 1), Int32(0), space.workCount, space.integerCount)
        var realCount = space.realWorkCount
        zheevd_(
            &job, &triangle, &n, space.a, &leading, space.values, space.work, &count, space.realWork, &realCount,
            space.integers, &integerCount, &info, 1, 1)
        return info
    }

    static func leastSquares(
        _ rows: Int32, _ columns: Int32, _ rightColumns: Int32, _ a: UnsafeMutablePointer<Complex>, _ b: UnsafeMutablePointer<Complex>,
        _ pivots: UnsafeMutablePointer<Int32>, _ work: UnsafeMutablePointer<Complex>, _ workCount: Int32,
        _ realWork: UnsafeMutablePointer<Double>
    ) {
        var (rows, columns, right, leading, other) = (rows, columns, rightColumns, max(rows, 1), max(rows, columns, 1))
        var (count, rank, info, tolerance) = (workCount, Int32(0), Int32(0), Double.ulpOfOne)
        zgelsy_(&rows, &columns, &right, a, &leading, b, &other, pivots, &tolerance, &rank, work, &count, realWork, &info)
    }

    static func solveTriangular(
        _ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Complex>, _ b: UnsafeMutablePointer<Complex>, lower: Bool, adjoint: Bool
    ) {
        var one = Complex(1)
        cblas_ztrsm(
            CblasRowMajor, CblasLeft, lower ? CblasLower : CblasUpper, adjoint ? CblasConjTrans : CblasNoTrans, CblasNonUnit, n,
            columns, &one, a, n, b, max(columns, 1))
    }
}
