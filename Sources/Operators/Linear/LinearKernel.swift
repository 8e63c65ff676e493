import CKernels
import GraphIR
import Tensors

/// activation(x [rows, steps] · weights + bias + residual), single precision.
///
/// Operands: x, weights, then bias [columns] and residual [rows, columns] where they are said to be there.
struct LinearKernel: Kernel {
    private let kernels: KernelFunctions
    private let rows: Int
    private let weights: RightOperand
    /// nil when the weights come at run time and are packed into scratch.
    private let packed: Tensor?
    private let scratchOffset: Int
    private let biasInput: Int?
    private let residualInput: Int?
    private let epilogue: FusedEpilogue

    /// - Parameters:
    ///   - rows: rows of x, all leading axes taken together.
    ///   - bias: which operand the bias is; nil for none.
    static func compile(
        _ context: CompileContext, weights: RightOperand, rows: Int, bias: Int? = nil,
        residual: Int? = nil, activation: FusedActivation? = nil
    ) throws(OperatorError) -> CompiledOperator {
        let kernels = context.functions
        let packed = try weights.prepared(context, input: 1, kernels)
        let packedCount = packed == nil ? weights.packedCount(kernels) : 0
        let scratchCount = kernels.matrix.product_scratch_count(rows, weights.rows, weights.columns)
        let kernel = LinearKernel(
            kernels: kernels, rows: rows, weights: weights, packed: packed, scratchOffset: packedCount, biasInput: bias,
            residualInput: residual, epilogue: FusedEpilogue(activation))
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, packedCount, scratchCount),
            inPlace: residual.map { [InPlace(output: 0, input: $0)] } ?? [], preparedInputs: packed == nil ? [] : [1])
    }

    func run(_ context: KernelContext) {
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil { weights.pack(context.input(1, as: Float.self), into: scratch, kernels) }
        var end = epilogue.with(
            columnBias: biasInput.map { context.input($0, as: Float.self) },
            residual: residualInput.map { context.input($0, as: Float.self) })
        kernels.matrix.product_f32(
            context.output(0, as: Float.self), weights.columns, context.input(0, as: Float.self), weights.rows,
            packed.map(PackedWeights.floats) ?? UnsafePointer(scratch), rows, weights.rows, weights.columns, &end,
            scratch + scratchOffset)
    }
}
