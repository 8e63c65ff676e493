import CKernels
import GraphIR
import Tensors

/// How weights [rows, columns] (or transposed, [columns, rows]) become the packed right operand of a product.
struct RightOperand: Sendable {
    let rows: Int
    let columns: Int
    let transposed: Bool
    /// A factor of all weights.
    let scale: Float

    /// Floats of the packed form.
    func packedCount(_ kernels: KernelFunctions) -> Int { kernels.matrix.packed_right_count(rows, columns) }

    func pack(_ weights: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, _ kernels: KernelFunctions) {
        let (rowStride, columnStride) = transposed ? (1, rows) : (columns, 1)
        kernels.matrix.pack_right_f32(packed, weights, rowStride, columnStride, rows, columns, scale)
    }

    /// The packed form of a constant, shared by all plans of the model.
    func prepared(_ context: CompileContext, input: Int, _ kernels: KernelFunctions) throws(OperatorError) -> Tensor? {
        let form = "right-operand/\(kernels.levelName)/\(rows)x\(columns)\(transposed ? "/transposed" : "")/\(scale)"
        return try context.prepared(input, form: form) { (weights) throws(OperatorError) in
            try PackedWeights.tensor(context, count: packedCount(kernels), weights) { packed, weights in
                pack(weights, into: packed, kernels)
            }
        }
    }
}
