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
    private let split: ProductParts
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
        let split = ProductParts(rows: rows, steps: weights.rows, columns: weights.columns, kernels)
        let scratchCount = split.scratchCount(steps: weights.rows, kernels)
        let kernel = LinearKernel(
            kernels: kernels, rows: rows, weights: weights, packed: packed, scratchOffset: packedCount, split: split,
            biasInput: bias, residualInput: residual, epilogue: FusedEpilogue(activation))
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

    /// Weights that come at run time are packed once, so that there is one part.
    var parts: Int { packed == nil ? 1 : split.count }

    func run(part: Int, _ context: KernelContext) {
        guard let packed else { return run(context) }
        let (rows, columns) = split.part(part), steps = weights.rows
        let corner = rows.lowerBound * weights.columns + columns.lowerBound
        var end = epilogue.with(
            columnBias: biasInput.map { context.input($0, as: Float.self) + columns.lowerBound },
            residual: residualInput.map { context.input($0, as: Float.self) + corner })
        kernels.matrix.product_f32(
            context.output(0, as: Float.self) + corner, weights.columns, context.input(0, as: Float.self) + rows.lowerBound * steps,
            steps, PackedWeights.floats(packed) + columns.lowerBound * steps, rows.count, steps, columns.count, &end,
            context.scratch.assumingMemoryBound(to: Float.self))
    }
}
