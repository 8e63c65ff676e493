import COpenBLAS
import GraphIR
import Tensors

extension Double: SolverScalar {
    init(real: Double) { self = real }

    static func load(_ address: UnsafeRawPointer, _ index: Int, _ type: ElementType) -> Double {
        switch type {
        case .float64: address.assumingMemoryBound(to: Double.self)[index]
        case .float16: Double(HalfPrecision.float(fromBinary16: address.assumingMemoryBound(to: UInt16.self)[index]))
        case .bfloat16: Double(HalfPrecision.float(fromBFloat16: address.assumingMemoryBound(to: UInt16.self)[index]))
        default: Double(address.assumingMemoryBound(to: Float.self)[index])
        }
    }

    func store(_ address: UnsafeMutableRawPointer, _ index: Int, _ type: ElementType) {
        switch type {
        case .float64: address.assumingMemoryBound(to: Double.self)[index] = self
        case .float16: address.assumingMemoryBound(to: UInt16.self)[index] = HalfPrecision.binary16(from: Float(self))
        case .bfloat16: address.assumingMemoryBound(to: UInt16.self)[index] = HalfPrecision.bfloat16(from: Float(self))
        default: address.assumingMemoryBound(to: Float.self)[index] = Float(self)
        }
    }

    var conjugate: Double { self }
    var absoluteValue: Double { abs(self) }
    var negated: Double { -self }
    func divided(by other: Double) -> Double { self / other }

    static func factor(
        _ rows: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Double>, _ pivots: UnsafeMutablePointer<Int32>
    ) -> Int32 {
        var (rows, columns, leading, info) = (rows, columns, max(rows, 1), Int32(0))
        dgetrf_(&rows, &columns, a, &leading, pivots, &info)
        return info
    }

    static func solve(
        _ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Double>, _ pivots: UnsafeMutablePointer<Int32>,
        _ b: UnsafeMutablePointer<Double>, adjoint: Bool
    ) {
        var form = adjoint ? LapackOption.adjoint : LapackOption.none
        var (n, columns, leading, other, info) = (n, columns, max(n, 1), max(n, 1), Int32(0))
        dgetrs_(&form, &n, &columns, a, &leading, pivots, b, &other, &info, 1)
    }

    static func invert(
        _ n: Int32, _ a: UnsafeMutablePointer<Double>, _ pivots: UnsafeMutablePointer<Int32>, _ work: UnsafeMutablePointer<Double>,
        _ workCount: Int32
    ) {
        var (n, leading, count, info) = (n, max(n, 1), workCount, Int32(0))
        dgetri_(&n, a, &leading, pivots, work, &count, &info)
    }

    static func cholesky(_ n: Int32, _ a: UnsafeMutablePointer<Double>) -> Int32 {
        var (triangle, n, leading, info) = (LapackOption.lower, n, max(n, 1), Int32(0))
        dpotrf_(&triangle, &n, a, &leading, &info, 1)
        return info
    }

    static func solveCholesky(_ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>) {
        var (triangle, n, columns, leading, other, info) = (LapackOption.lower, n, columns, max(n, 1), max(n, 1), Int32(0))
        dpotrs_(&triangle, &n, &columns, a, &leading, b, &other, &info, 1)
    }

    static func reflect(
        _ rows: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Double>, _ tau: UnsafeMutablePointer<Double>,
        _ work: UnsafeMutablePointer<Double>, _ workCount: Int32
    ) {
        var (rows, columns, leading, count, info) = (rows, columns, max(rows, 1), workCount, Int32(0))
        dgeqrf_(&rows, &columns, a, &leading, tau, work, &count, &info)
    }

    static func formReflected(
        _ rows: Int32, _ columns: Int32, _ count: Int32, _ a: UnsafeMutablePointer<Double>, _ tau: UnsafeMutablePointer<Double>,
        _ work: UnsafeMutablePointer<Double>, _ workCount: Int32
    ) {
        var (rows, columns, reflectors, leading, count, info) = (rows, columns, count, max(rows, 1), workCount, Int32(0))
        dorgqr_(&rows, &columns, &reflectors, a, &leading, tau, work, &count, &info)
    }

    static func singular(_ job: Int8, _ rows: Int32, _ columns: Int32, _ space: SingularSpace<Double>) -> Int32 {
        var (job, rows, columns, leading, info) = (job, rows, columns, max(rows, 1), Int32(0))
        var (left, right, count) = (space.leftLeading, space.rightLeading, space.workCount)
        dgesdd_(
            &job, &rows, &columns, space.a, &leading, space.values, space.left, &left, space.right, &right, space.work, &count,
            space.integers, &info, 1)
        return info
    }

    static func selfAdjoint(_ n: Int32, _ space: SelfAdjointSpace<Double>, wantsVectors: Bool) -> Int32 {
        var (job, triangle) = (wantsVectors ? LapackOption.vectors : LapackOption.none, LapackOption.lower)
        var (n, leading, info, count, integerCount) = (n, max(n, 1), Int32(0), space.workCount, space.integerCount)
        dsyevd_(&job, &triangle, &n, space.a, &leading, space.values, space.work, &count, space.integers, &integerCount, &info, 1, 1)
        return info
    }

    static func leastSquares(
        _ rows: Int32, _ columns: Int32, _ rightColumns: Int32, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>,
        _ pivots: UnsafeMutablePointer<Int32>, _ work: UnsafeMutablePointer<Double>, _ workCount: Int32,
        _ realWork: UnsafeMutablePointer<Double>
    ) {
        var (rows, columns, right, leading, other) = (rows, columns, rightColumns, max(rows, 1), max(rows, columns, 1))
        var (count, rank, info, tolerance) = (workCount, Int32(0), Int32(0), Double.ulpOfOne)
        dgelsy_(&rows, &columns, &right, a, &leading, b, &other, pivots, &tolerance, &rank, work, &count, &info)
    }

    static func solveTriangular(
        _ n: Int32, _ columns: Int32, _ a: UnsafeMutablePointer<Double>, _ b: UnsafeMutablePointer<Double>, lower: Bool, adjoint: Bool
    ) {
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, lower ? CblasLower : CblasUpper, adjoint ? CblasTrans : CblasNoTrans, CblasNonUnit, n, columns,
            1, a, n, b, max(columns, 1))
    }
}
