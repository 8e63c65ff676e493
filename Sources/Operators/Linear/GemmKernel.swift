import GraphIR
import Tensors

/// The result is filled with beta · C first, then the product is added.
struct GemmKernel<Scalar: ProductScalar>: Kernel {
    private let product: Product
    private let alpha: Scalar
    private let beta: Scalar
    /// Elements between neighbouring rows and columns of C; 0 where it is stretched. nil without C.
    private let addendStrides: (row: Int, column: Int)?

    init(_ product: Product, _ addend: Shape?, _ alpha: Scalar, _ beta: Scalar) {
        self.product = product
        self.alpha = alpha
        self.beta = beta
        addendStrides = addend.map { shape in
            let columns = shape.extents.last ?? 1
            let rows = shape.rank == 2 ? shape[0] : 1
            return (rows == 1 ? 0 : columns, columns == 1 ? 0 : 1)
        }
    }

    func run(_ context: KernelContext) {
        let c = context.output(0, as: Scalar.self)
        let (rows, columns) = (product.rows, product.columns)
        if let addendStrides {
            let addend = context.input(2, as: Scalar.self)
            for i in 0..<rows {
                for j in 0..<columns {
                    c[i * columns + j] = Scalar.scaled(beta, addend[i * addendStrides.row + j * addendStrides.column])
                }
            }
        }
        guard product.steps > 0, rows > 0, columns > 0 else {
            if addendStrides == nil { c.update(repeating: 0, count: rows * columns) }
            return
        }
        Scalar.multiply(product, context.input(0, as: Scalar.self), context.input(1, as: Scalar.self), into: c, scale: alpha)
    }
}
