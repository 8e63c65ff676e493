import COpenBLAS
import GraphIR
import Tensors

/// Stacks of products whose operands both come at run time.
enum GeneralProduct {
    /// Of the factors; 16-bit floats by way of float32.
    static let elementTypes = ElementTypes.floatingPoint.union([.int32, .int64, .uint32, .uint64])

    static func kernel(_ type: ElementType, _ geometry: ProductGeometry) throws(OperatorError) -> any Kernel {
        switch type {
        case .float32: StackedProduct<Float>(product: try Product(geometry), geometry: geometry)
        case .float64: StackedProduct<Double>(product: try Product(geometry), geometry: geometry)
        case .int32: StackedProduct<Int32>(product: try Product(geometry), geometry: geometry)
        case .int64: StackedProduct<Int64>(product: try Product(geometry), geometry: geometry)
        case .uint32: StackedProduct<UInt32>(product: try Product(geometry), geometry: geometry)
        case .uint64: StackedProduct<UInt64>(product: try Product(geometry), geometry: geometry)
        default: throw .unsupported("a matrix product of \(type)")
        }
    }
}

/// One product c [rows, columns] = scale · a [rows, steps] · b [steps, columns], or added to what c holds.
struct Product: Sendable {
    let rows: Int
    let steps: Int
    let columns: Int
    var transposesLeft = false
    var transposesRight = false
    var adds = false

    /// - Throws: when an extent is beyond what OpenBLAS can count.
    init(rows: Int, steps: Int, columns: Int) throws(OperatorError) {
        LinearAlgebra.configure()
        for extent in [rows, steps, columns] where Int32(exactly: extent) == nil {
            throw .unsupported("a matrix product over an axis of \(extent), more than \(Int32.max),")
        }
        self.rows = rows
        self.steps = steps
        self.columns = columns
    }

    init(_ geometry: ProductGeometry) throws(OperatorError) {
        try self.init(rows: geometry.rows, steps: geometry.steps, columns: geometry.columns)
    }

    var leftTransposition: CBLAS_TRANSPOSE { transposesLeft ? CblasTrans : CblasNoTrans }
    var rightTransposition: CBLAS_TRANSPOSE { transposesRight ? CblasTrans : CblasNoTrans }
    var leftStride: Int32 { Int32(max(transposesLeft ? rows : steps, 1)) }
    var rightStride: Int32 { Int32(max(transposesRight ? steps : columns, 1)) }
    var resultStride: Int32 { Int32(max(columns, 1)) }
}

/// A type whose matrices can be multiplied.
protocol ProductScalar: TensorScalar, Numeric {
    static func multiply(
        _ product: Product, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, into c: UnsafeMutablePointer<Self>,
        scale: Self)

    /// factor · value; integers wrap.
    static func scaled(_ factor: Self, _ value: Self) -> Self
}

extension ProductScalar where Self: BinaryFloatingPoint {
    @inline(__always) static func scaled(_ factor: Self, _ value: Self) -> Self { factor * value }
}

extension Float: ProductScalar {
    static func multiply(
        _ product: Product, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>,
        scale: Float
    ) {
        cblas_sgemm(
            CblasRowMajor, product.leftTransposition, product.rightTransposition, Int32(product.rows),
            Int32(product.columns), Int32(product.steps), scale, a, product.leftStride, b, product.rightStride,
            product.adds ? 1 : 0, c, product.resultStride)
    }
}

extension Double: ProductScalar {
    static func multiply(
        _ product: Product, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
        into c: UnsafeMutablePointer<Double>, scale: Double
    ) {
        cblas_dgemm(
            CblasRowMajor, product.leftTransposition, product.rightTransposition, Int32(product.rows),
            Int32(product.columns), Int32(product.steps), scale, a, product.leftStride, b, product.rightStride,
            product.adds ? 1 : 0, c, product.resultStride)
    }
}

extension Int32: ProductScalar {}
extension Int64: ProductScalar {}
extension UInt32: ProductScalar {}
extension UInt64: ProductScalar {}

extension ProductScalar where Self: FixedWidthInteger {
    @inline(__always) static func scaled(_ factor: Self, _ value: Self) -> Self { factor &* value }

    /// Sums wrap around, as the reference runtime's do.
    static func multiply(
        _ product: Product, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, into c: UnsafeMutablePointer<Self>,
        scale: Self
    ) {
        let (rows, steps, columns) = (product.rows, product.steps, product.columns)
        let (leftRow, leftStep) = product.transposesLeft ? (1, rows) : (steps, 1)
        let (rightStep, rightColumn) = product.transposesRight ? (1, steps) : (columns, 1)
        for i in 0..<rows {
            for j in 0..<columns {
                var sum: Self = 0
                for p in 0..<steps { sum &+= a[i * leftRow + p * leftStep] &* b[p * rightStep + j * rightColumn] }
                let scaled = scale &* sum
                c[i * columns + j] = product.adds ? c[i * columns + j] &+ scaled : scaled
            }
        }
    }
}

/// Product after product.
struct StackedProduct<Scalar: ProductScalar>: Kernel {
    let product: Product
    let geometry: ProductGeometry

    func run(_ context: KernelContext) {
        let a = context.input(0, as: Scalar.self), b = context.input(1, as: Scalar.self)
        var c = context.output(0, as: Scalar.self)
        let count = geometry.resultCount
        guard geometry.steps > 0, count > 0 else {
            c.update(repeating: 0, count: count * geometry.offsets.count)
            return
        }
        for pair in geometry.offsets {
            Scalar.multiply(product, a + pair.left, b + pair.right, into: c, scale: 1)
            c += count
        }
    }
}
