import COpenBLAS
import GraphIR
import Tensors

/// How a matrix that lies in memory row after row enters a product.
enum MatrixForm: Sendable, Hashable {
    case plain, transposed
    /// Transposed, of conjugates.
    case adjoint

    var isTransposed: Bool { self != .plain }

    var cblas: CBLAS_TRANSPOSE {
        switch self {
        case .plain: CblasNoTrans
        case .transposed: CblasTrans
        case .adjoint: CblasConjTrans
        }
    }
}

/// c [rows, columns] = a [rows, steps] · b [steps, columns], each with a distance between the rows that lie in memory.
struct MatrixProduct: Sendable {
    struct Operand: Sendable {
        var form = MatrixForm.plain
        /// Elements from one row in memory to the next.
        var stride: Int
    }

    let rows: Int
    let steps: Int
    let columns: Int
    let left: Operand
    let right: Operand
    let resultStride: Int
    /// A factor of the result, for real floating-point numbers.
    var scale: Double = 1
    /// Whether the result is added to what is there, for real floating-point numbers.
    var accumulates = false

    /// - Throws: when an extent is beyond what OpenBLAS can count.
    init(rows: Int, steps: Int, columns: Int, left: Operand, right: Operand, resultStride: Int) throws(OperatorError) {
        LinearAlgebra.configure()
        for extent in [rows, steps, columns, left.stride, right.stride, resultStride] where Int32(exactly: extent) == nil {
            throw .unsupported("a matrix product over an axis of \(extent), more than \(Int32.max),")
        }
        self.rows = rows
        self.steps = steps
        self.columns = columns
        self.left = Operand(form: left.form, stride: max(left.stride, 1))
        self.right = Operand(form: right.form, stride: max(right.stride, 1))
        self.resultStride = max(resultStride, 1)
    }

    /// Of matrices without gaps.
    init(
        rows: Int, steps: Int, columns: Int, left: MatrixForm = .plain, right: MatrixForm = .plain
    ) throws(OperatorError) {
        try self.init(
            rows: rows, steps: steps, columns: columns, left: Operand(form: left, stride: left.isTransposed ? rows : steps),
            right: Operand(form: right, stride: right.isTransposed ? steps : columns), resultStride: columns)
    }
}

/// A number that sums of products are made of.
protocol ContractionScalar: TensorScalar {
    static var zeroElement: Self { get }
    func adding(_ other: Self) -> Self
    func multiplied(by other: Self) -> Self
    static func multiply(
        _ product: MatrixProduct, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, into c: UnsafeMutablePointer<Self>)
}

extension ContractionScalar where Self: FixedWidthInteger {
    @inline(__always) static var zeroElement: Self { 0 }
    @inline(__always) func adding(_ other: Self) -> Self { self &+ other }
    @inline(__always) func multiplied(by other: Self) -> Self { self &* other }

    /// Sums wrap around.
    static func multiply(
        _ product: MatrixProduct, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, into c: UnsafeMutablePointer<Self>
    ) {
        let (leftRow, leftStep) = product.left.form.isTransposed ? (1, product.left.stride) : (product.left.stride, 1)
        let (rightStep, rightColumn) = product.right.form.isTransposed ? (1, product.right.stride) : (product.right.stride, 1)
        let (rows, steps, columns, resultRow) = (product.rows, product.steps, product.columns, product.resultStride)
        for i in 0..<rows {
            for j in 0..<columns {
                var sum: Self = 0
                for p in 0..<steps { sum &+= a[i * leftRow + p * leftStep] &* b[p * rightStep + j * rightColumn] }
                c[i * resultRow + j] = sum
            }
        }
    }
}

extension ContractionScalar where Self: BinaryFloatingPoint {
    @inline(__always) static var zeroElement: Self { 0 }
    @inline(__always) func adding(_ other: Self) -> Self { self + other }
    @inline(__always) func multiplied(by other: Self) -> Self { self * other }
}

extension Int8: ContractionScalar {}
extension Int16: ContractionScalar {}
extension Int32: ContractionScalar {}
extension Int64: ContractionScalar {}
extension UInt8: ContractionScalar {}
extension UInt16: ContractionScalar {}
extension UInt32: ContractionScalar {}
extension UInt64: ContractionScalar {}

extension Float: ContractionScalar {
    static func multiply(
        _ product: MatrixProduct, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>
    ) {
        cblas_sgemm(
            CblasRowMajor, product.left.form.cblas, product.right.form.cblas, Int32(product.rows), Int32(product.columns),
            Int32(product.steps), Float(product.scale), a, Int32(product.left.stride), b, Int32(product.right.stride),
            product.accumulates ? 1 : 0, c,
            Int32(product.resultStride))
    }
}

extension Double: ContractionScalar {
    static func multiply(
        _ product: MatrixProduct, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, into c: UnsafeMutablePointer<Double>
    ) {
        cblas_dgemm(
            CblasRowMajor, product.left.form.cblas, product.right.form.cblas, Int32(product.rows), Int32(product.columns),
            Int32(product.steps), product.scale, a, Int32(product.left.stride), b, Int32(product.right.stride),
            product.accumulates ? 1 : 0, c,
            Int32(product.resultStride))
    }
}

extension Complex: ContractionScalar where Part: ComplexProductPart {
    @inline(__always) static var zeroElement: Complex { Complex(0) }

    @inline(__always)
    func adding(_ other: Complex) -> Complex { Complex(real + other.real, imaginary + other.imaginary) }

    @inline(__always)
    func multiplied(by other: Complex) -> Complex {
        Complex(real * other.real - imaginary * other.imaginary, real * other.imaginary + imaginary * other.real)
    }

    static func multiply(
        _ product: MatrixProduct, _ a: UnsafePointer<Complex>, _ b: UnsafePointer<Complex>, into c: UnsafeMutablePointer<Complex>
    ) {
        Part.multiplyComplex(product, a, b, into: c)
    }
}

/// What complex numbers that OpenBLAS multiplies are made of.
protocol ComplexProductPart: ComplexPart {
    static func multiplyComplex(
        _ product: MatrixProduct, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, into c: UnsafeMutableRawPointer)
}

extension Float: ComplexProductPart {
    static func multiplyComplex(
        _ product: MatrixProduct, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, into c: UnsafeMutableRawPointer
    ) {
        var one = Complex<Float>(1), zero = Complex<Float>(0)
        cblas_cgemm(
            CblasRowMajor, product.left.form.cblas, product.right.form.cblas, Int32(product.rows), Int32(product.columns),
            Int32(product.steps), &one, a, Int32(product.left.stride), b, Int32(product.right.stride), &zero, c,
            Int32(product.resultStride))
    }
}

extension Double: ComplexProductPart {
    static func multiplyComplex(
        _ product: MatrixProduct, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, into c: UnsafeMutableRawPointer
    ) {
        var one = Complex<Double>(1), zero = Complex<Double>(0)
        cblas_zgemm(
            CblasRowMajor, product.left.form.cblas, product.right.form.cblas, Int32(product.rows), Int32(product.columns),
            Int32(product.steps), &one, a, Int32(product.left.stride), b, Int32(product.right.stride), &zero, c,
            Int32(product.resultStride))
    }
}

/// Code that is generic over the numbers of a contraction.
protocol ContractionVisitor {
    associatedtype Result
    func visit<Scalar: ContractionScalar>(_: Scalar.Type) throws(OperatorError) -> Result
}

extension ElementType {
    /// Calls the visitor with the Swift type of this element type; 16-bit floats go by way of float32.
    func contraction<Visitor: ContractionVisitor>(_ visitor: Visitor, for name: String) throws(OperatorError) -> Visitor.Result {
        switch self {
        case .float32: try visitor.visit(Float.self)
        case .float64: try visitor.visit(Double.self)
        case .complex64: try visitor.visit(Complex<Float>.self)
        case .complex128: try visitor.visit(Complex<Double>.self)
        case .int8: try visitor.visit(Int8.self)
        case .int16: try visitor.visit(Int16.self)
        case .int32: try visitor.visit(Int32.self)
        case .int64: try visitor.visit(Int64.self)
        case .uint8: try visitor.visit(UInt8.self)
        case .uint16: try visitor.visit(UInt16.self)
        case .uint32: try visitor.visit(UInt32.self)
        case .uint64: try visitor.visit(UInt64.self)
        default: throw .unsupported("\(name) of \(self)")
        }
    }

    /// What sums of products are computed for.
    static let contracted: Set<ElementType> = ElementTypes.numbers.union([.complex64, .complex128])
}
