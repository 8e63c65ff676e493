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
    private let split: PartSplit
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
            kernels: kernels, geometry: geometry, packed: packed, scratchOffset: runtimeCount,
            split: packed == nil ? .whole : split(geometry, kernels), biasInput: bias, residualInput: residual,
            epilogue: FusedEpilogue(activation))
        let scratchCount = kernels.matrix.convolution_scratch_count(&shape)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, runtimeCount, scratchCount),
            inPlace: residual.map { [InPlace(output: 0, input: $0)] } ?? [], preparedInputs: packed == nil ? [] : [1])
    }

    /// Weights that come at run time are packed once, so that only a convolution of prepared ones is split.
    private static func split(_ geometry: ConvolutionGeometry, _ kernels: KernelFunctions) -> PartSplit {
        var shape = geometry.shape
        let products = Double(geometry.weightCount) * Double(geometry.batch) * Double(geometry.outputCount)
        return PartSplit(units: kernels.matrix.convolution_part_count(&shape), operations: products)
    }

    private static func isFlat(_ geometry: ConvolutionGeometry) -> Bool {
        geometry.input.0 == 1 && geometry.output.0 == 1 && geometry.pad.0 == 0
    }

    func run(_ context: KernelContext) {
        var shape = geometry.shape
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil { kernels.matrix.pack_weights_f32(scratch, context.input(1, as: Float.self), &shape) }
        var end = end(context)
        kernels.matrix.convolution_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self),
            packed.map(PackedWeights.floats) ?? UnsafePointer(scratch), &shape, &end, scratch + scratchOffset)
    }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) {
        guard let packed, parts > 1 else { return run(context) }
        var shape = geometry.shape, end = end(context)
        for unit in split.units(of: part) {
            kernels.matrix.convolution_part_f32(
                context.output(0, as: Float.self), context.input(0, as: Float.self), PackedWeights.floats(packed), &shape, &end,
                context.scratch.assumingMemoryBound(to: Float.self), unit)
        }
    }

    @inline(__always)
    private func end(_ context: KernelContext) -> apus_epilogue {
        epilogue.with(
            rowBias: biasInput.map { context.input($0, as: Float.self) },
            residual: residualInput.map { context.input($0, as: Float.self) })
    }
}
