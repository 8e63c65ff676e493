import CKernels
import GraphIR
import Tensors

/// activation(x ∗ weights + bias + residual), single precision, over packed weights.
struct ConvKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: ConvolutionGeometry
    /// nil when the weights come at run time and are packed into scratch.
    private let packed: Tensor?
    private let scratchOffset: Int
    private let biasInput: Int?
    private let residualInput: Int?
    private let epilogue: FusedEpilogue

    static func compile(
        _ context: CompileContext, _ geometry: ConvolutionGeometry, bias: Int?, residual: Int?,
        activation: FusedActivation?
    ) throws(OperatorError) -> CompiledOperator {
        let kernels = context.functions
        var shape = geometry.shape
        // Some geometries (depthwise) have a format of their own, so the input's spatial rank is part of the form.
        let form = "convolution/\(kernels.levelName)/\(geometry.weightsForm)/\(isFlat(geometry))"
        let packedCount = kernels.matrix.packed_weights_count(&shape)
        let packed = try context.prepared(1, form: form) { (weights) throws(OperatorError) in
            try PackedWeights.tensor(context, count: packedCount, weights) { packed, weights in
                var shape = geometry.shape
                kernels.matrix.pack_weights_f32(packed, weights, &shape)
            }
        }
        let runtimeCount = packed == nil ? packedCount : 0
        let kernel = ConvKernel(
            kernels: kernels, geometry: geometry, packed: packed, scratchOffset: runtimeCount, biasInput: bias,
            residualInput: residual, epilogue: FusedEpilogue(activation))
        let scratchCount = kernels.matrix.convolution_scratch_count(&shape)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, runtimeCount, scratchCount),
            inPlace: residual.map { [InPlace(output: 0, input: $0)] } ?? [], preparedInputs: packed == nil ? [] : [1])
    }

    private static func isFlat(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.input.0 == 1 && geometry.output.0 == 1 && geometry.pad.0 == 0
    }

    func run(_ context: KernelContext) {
        var shape = geometry.shape
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil { kernels.matrix.pack_weights_f32(scratch, context.input(1, as: Float.self), &shape) }
        var end = epilogue.with(
            rowBias: biasInput.map { context.input($0, as: Float.self) },
            residual: residualInput.map { context.input($0, as: Float.self) })
        kernels.matrix.convolution_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self),
            packed.map(PackedWeights.floats) ?? UnsafePointer(scratch), &shape, &end, scratch + scratchOffset)
    }
}
