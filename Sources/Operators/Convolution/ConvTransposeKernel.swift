import CKernels
import GraphIR
import Tensors

/// Transposed convolution, single precision, over packed weights.
struct ConvTransposeKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: ConvolutionGeometry
    /// nil when the weights come at run time and are packed into scratch.
    private let packed: Tensor?
    private let scratchOffset: Int
    private let biasInput: Int?

    static func compile(
        _ context: CompileContext, _ geometry: ConvolutionGeometry, bias: Int?
    ) throws(OperatorError) -> CompiledOperator {
        let kernels = context.functions
        var shape = geometry.shape
        let packedCount = kernels.matrix.packed_transposed_count(&shape)
        let form = "transposed-convolution/\(kernels.levelName)/\(geometry.weightsForm)"
        let packed = try context.prepared(1, form: form) { (weights) throws(OperatorError) in
            try PackedWeights.tensor(context, count: packedCount, weights) { packed, weights in
                var shape = geometry.shape
                kernels.matrix.pack_transposed_f32(packed, weights, &shape)
            }
        }
        let runtimeCount = packed == nil ? packedCount : 0
        let kernel = ConvTransposeKernel(
            kernels: kernels, geometry: geometry, packed: packed, scratchOffset: runtimeCount, biasInput: bias)
        let scratchCount = kernels.matrix.transposed_scratch_count(&shape)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, runtimeCount, scratchCount),
            preparedInputs: packed == nil ? [] : [1])
    }

    func run(_ context: KernelContext) {
        var shape = geometry.shape
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil { kernels.matrix.pack_transposed_f32(scratch, context.input(1, as: Float.self), &shape) }
        kernels.matrix.transposed_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self),
            packed.map(PackedWeights.floats) ?? UnsafePointer(scratch), biasInput.map { context.input($0, as: Float.self) },
            &shape, scratch + scratchOffset)
    }
}

/// Transposed convolution by plain sums, for types that have no fast kernel.
struct PlainTransposedConvolution<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let geometry: ConvolutionGeometry
    let biasInput: Int?

    func run(_ context: KernelContext) {
        let g = geometry
        let bias = biasInput.map { context.input($0, as: Scalar.self) }
        var y = context.output(0, as: Scalar.self)
        for image in 0..<g.batch {
            for channel in 0..<g.groups * g.channelsOut {
                let group = channel / g.channelsOut
                y.update(repeating: bias?[channel] ?? 0, count: g.outputCount)
                for c in group * g.channelsIn..<(group + 1) * g.channelsIn {
                    let x = context.input(0, as: Scalar.self) + (image * g.groups * g.channelsIn + c) * g.inputCount
                    let weights = context.input(1, as: Scalar.self) + (c * g.channelsOut + channel % g.channelsOut) * g.tapCount
                    spread(x, weights, over: y)
                }
                y += g.outputCount
            }
        }
    }

    /// Adds one input channel times its taps to one output plane.
    private func spread(_ x: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, over y: UnsafeMutablePointer<Scalar>) {
        let g = geometry
        for element in 0..<g.inputCount {
            let depth = element / g.input.2 / g.input.1, row = element / g.input.2 % g.input.1, column = element % g.input.2
            for tap in 0..<g.tapCount {
                let d = depth * g.stride.0 + tap / g.kernel.2 / g.kernel.1 * g.dilation.0 - g.pad.0
                let h = row * g.stride.1 + tap / g.kernel.2 % g.kernel.1 * g.dilation.1 - g.pad.1
                let w = column * g.stride.2 + tap % g.kernel.2 * g.dilation.2 - g.pad.2
                guard d >= 0, d < g.output.0, h >= 0, h < g.output.1, w >= 0, w < g.output.2 else { continue }
                y[(d * g.output.1 + h) * g.output.2 + w] += x[element] * weights[tap]
            }
        }
    }
}
