import CKernels
package import GraphIR
import Tensors

/// Normalisation by recorded statistics, as at inference.
///
/// - Shapes: `x` [N, C, …]; `scale`, `bias`, `mean`, `variance` [C] → [N, C, …]. A vector `x` [N] has one channel.
/// - Numerics: x · f + (bias − mean · f) with f = scale / sqrt(variance + epsilon).
/// - Source: ONNX operator BatchNormalization, opsets 1, 6, 7, 9, 14 and 15. `BatchStatistics` computes its training mode.
package struct BatchNormalization: Operator {
    package let epsilon: Float
    package var layout = TensorLayout.channelsFirst

    package init(epsilon: Float = 1e-5, layout: TensorLayout = .channelsFirst) {
        self.epsilon = epsilon
        self.layout = layout
    }

    init(_ attributes: AttributeReader) throws(OperatorError) {
        epsilon = try NormalizationInputs.epsilon(attributes)
        let asksForStatistics = (1..<max(attributes.outputCount, 1)).contains { attributes.hasOutput($0) }
        if asksForStatistics {
            throw .unsupported("BatchNormalization in training mode (statistics of the batch); export the model for inference:")
        }
        let isSpatial = try attributes.flag("spatial", default: true)
        guard isSpatial || attributes.version >= 9 else {
            throw .unsupported("BatchNormalization with spatial 0 (statistics for each element)")
        }
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(5...5)
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        if x.rank == 0 { throw .invalidInput(index: 0, reason: "is a scalar, expected a batch") }
        let channels = x.rank == 1 ? .known(1) : try NormalizationInputs.channels(x, layout)
        for index in 1...4 {
            try NormalizationInputs.checkVector(inputs, index, type: x.elementType, count: channels, of: "channel")
        }
        return [ValueFact(x.type)]
    }

    /// Every axis but that of the channels: the statistics are recorded ones.
    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.linewise(along: [1]) }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        try layout.checkKernels(of: name)
        let isVector = x.shape.rank < 2
        let channels = isVector ? 1 : layout.channels(x.shape)
        let planes = x.shape[0] * channels, columns = isVector ? 1 : layout.spatialCount(x.shape)
        let inPlace = [InPlace(output: 0, input: 0)]
        switch x.elementType {
        case .float32:
            let kernel = BatchNormKernel(
                kernels: context.functions, planes: planes, channels: channels, columns: columns, epsilon: epsilon)
            return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Float.self, channels, channels), inPlace: inPlace)
        case .float64:
            let kernel = PlainBatchNormKernel<Double>(planes: planes, channels: channels, columns: columns, epsilon: epsilon)
            return CompiledOperator(kernel, inPlace: inPlace)
        default: throw .unsupported("BatchNormalization of \(x.elementType)")
        }
    }
}

/// Factor and shift of one channel.
@inline(__always)
private func affine<Scalar: BinaryFloatingPoint>(
    _ context: KernelContext, _ channel: Int, _ epsilon: Float, _: Scalar.Type
) -> (factor: Scalar, shift: Scalar) {
    let variance = context.input(4, as: Scalar.self)[channel]
    let factor = context.input(1, as: Scalar.self)[channel] / (variance + Scalar(epsilon)).squareRoot()
    return (factor, context.input(2, as: Scalar.self)[channel] - context.input(3, as: Scalar.self)[channel] * factor)
}

private struct BatchNormKernel: Kernel {
    let kernels: KernelFunctions
    let planes: Int
    let channels: Int
    let columns: Int
    let epsilon: Float

    func run(_ context: KernelContext) {
        let factors = context.scratch.assumingMemoryBound(to: Float.self), shifts = factors + channels
        for channel in 0..<channels {
            (factors[channel], shifts[channel]) = affine(context, channel, epsilon, Float.self)
        }
        kernels.matrix.scale_planes_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self), factors, shifts, planes, channels, columns)
    }
}

private struct PlainBatchNormKernel<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let planes: Int
    let channels: Int
    let columns: Int
    let epsilon: Float

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
        for plane in 0..<planes {
            let (factor, shift) = affine(context, plane % channels, epsilon, Scalar.self)
            for i in plane * columns..<(plane + 1) * columns { y[i] = x[i] * factor + shift }
        }
    }
}
