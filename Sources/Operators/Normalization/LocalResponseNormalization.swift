import CKernels
package import GraphIR
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Normalisation by the energy of neighbouring channels: x / (bias + alpha / size · Σ x²)^beta.
///
/// - Shapes: `x` [N, C, …] → as `x`; the sum takes (size − 1) / 2 channels before and size / 2 after.
/// - Source: ONNX operator LRN, opsets 1 and 13.
package struct LocalResponseNormalization: Operator {
    let size: Int
    let alpha: Float
    let beta: Float
    let bias: Float
    package var layout = TensorLayout.channelsFirst

    package init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.bias = bias
    }

    init(_ attributes: AttributeReader) throws(OperatorError) {
        guard let size = try attributes.integer("size") else { throw .invalidAttribute(name: "size", reason: "is missing") }
        guard (1...WindowAttributes.limit).contains(size) else {
            throw .invalidAttribute(name: "size", reason: "is \(size), expected 1 to \(WindowAttributes.limit)")
        }
        self.init(
            size: size, alpha: try attributes.float("alpha", default: 1e-4), beta: try attributes.float("beta", default: 0.75),
            bias: try attributes.float("bias", default: 1))
    }

    package var name: String { "LRN" }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        _ = try NormalizationInputs.channels(x, layout)
        return [ValueFact(x.type)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        inputs.linewise(along: [layout.channelAxis(rank: max(inputs.extents(0)?.count ?? 2, 2))])
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        if layout == .channelsLast { return try compileChannelsLast(x, context.functions) }
        let channels = layout.channels(x.shape), columns = layout.spatialCount(x.shape)
        switch x.elementType {
        case .float32:
            return CompiledOperator(
                ChannelNormKernel(kernels: context.functions, op: self, images: x.shape[0], channels: channels, columns: columns))
        case .float64:
            return CompiledOperator(
                PlainChannelNormKernel<Double>(op: self, images: x.shape[0], channels: channels, columns: columns))
        default: throw .unsupported("LRN of \(x.elementType)")
        }
    }

    private func compileChannelsLast(_ x: TensorSpec, _ kernels: KernelFunctions) throws(OperatorError) -> CompiledOperator {
        guard x.elementType == .float32 else { throw .unsupported("LRN of \(x.elementType) over \(layout.rawValue) data") }
        let rank = x.shape.rank, before = (size - 1) / 2
        return CompiledOperator(
            NeighbourNormKernel(
                kernels: kernels, rows: x.shape.elementCount(in: 0..<rank - 1), channels: x.shape[rank - 1], before: before,
                after: size - 1 - before, alpha: alpha / Float(size), beta: beta, bias: bias))
    }
}

private struct ChannelNormKernel: Kernel {
    let kernels: KernelFunctions
    let op: LocalResponseNormalization
    let images: Int
    let channels: Int
    let columns: Int

    func run(_ context: KernelContext) {
        for image in 0..<images {
            let start = image * channels * columns
            kernels.matrix.channel_norm_f32(
                context.output(0, as: Float.self) + start, context.input(0, as: Float.self) + start, channels, columns, op.size,
                op.alpha, op.beta, op.bias)
        }
    }
}

private struct PlainChannelNormKernel<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let op: LocalResponseNormalization
    let images: Int
    let channels: Int
    let columns: Int

    func run(_ context: KernelContext) {
        for image in 0..<images {
            let start = image * channels * columns
            let x = context.input(0, as: Scalar.self) + start, y = context.output(0, as: Scalar.self) + start
            for channel in 0..<channels {
                let first = max(channel - (op.size - 1) / 2, 0), last = min(channel + op.size / 2, channels - 1)
                for i in 0..<columns {
                    var sum = 0.0
                    for c in first...last { sum += Double(x[c * columns + i] * x[c * columns + i]) }
                    let base = Double(op.bias) + Double(op.alpha) / Double(op.size) * sum
                    y[channel * columns + i] = x[channel * columns + i] / Scalar(pow(base, Double(op.beta)))
                }
            }
        }
    }
}
