import CKernels
package import GraphIR
import Tensors

/// Normalisation of each channel of channels-last data, by recorded statistics or by those of the batch.
///
/// - Shapes: `x` [N, spatial…, C]; `scale`, `offset`, `mean`, `variance` [C] → [N, spatial…, C], then mean and variance [C] twice, and
///   for the third version a scalar that nobody reads. In training mode the first pair is the statistics mixed with the recorded ones.
/// - Numerics: (x − mean) · scale / sqrt(variance + epsilon) + offset; the batch's variance divides by the count, the one that is
///   returned by the count less one.
/// - Source: TensorFlow operators FusedBatchNorm, FusedBatchNormV2 and FusedBatchNormV3.
package struct FusedBatchNorm: Operator {
    package let name: String
    package let epsilon: Float
    package let trains: Bool
    /// How much the batch's own statistics count in those that are returned.
    let momentum: Float
    let outputCount: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        name = reader.node.operatorName
        epsilon = try NormalizationInputs.epsilon(reader, default: 1e-4)
        trains = try reader.flag("is_training", default: true)
        momentum = try reader.float("exponential_avg_factor", default: 1)
        outputCount = name == "FusedBatchNormV3" ? 6 : 5
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(5...5)
        let x = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        let parameters = try inputs.required(1, of: [.float32, .bfloat16]).elementType
        if let shape = x.shape, !(4...5).contains(shape.rank) {
            throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected 4 or 5")
        }
        let channels = try NormalizationInputs.channels(x, .channelsLast)
        for index in 1...2 { try NormalizationInputs.checkVector(inputs, index, type: parameters, count: channels, of: "channel") }
        for index in 3...4 {
            let fact = try inputs.required(index, of: [parameters])
            if trains, momentum == 1 || fact.shape?.concrete?.elementCount == 0 { continue }
            try NormalizationInputs.checkVector(inputs, index, type: parameters, count: channels, of: "channel")
        }
        var known = channels
        for index in 1...2 { if let shape = inputs[index]?.shape { known = Dimension.unified(known, shape[0]) ?? known } }
        let statistics = ValueFact(parameters, SymbolicShape([known]))
        let unread = outputCount == 6 ? [ValueFact(parameters, Shape.scalar)] : []
        return [ValueFact(x.type)] + [ValueFact](repeating: statistics, count: 4) + unread
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard !trains, inputs.onlyInputsCarryRows(0), inputs.axis(0) == 0 else { return .mixed(RowReason.joined) }
        return .states([.rows(axis: 0)] + [RowState](repeating: .shared, count: max(inputs.outputs.count - 1, 0)))
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = try context.input(0).shape, channels = shape[shape.rank - 1]
            let means = try context.input(3).shape, variances = try context.input(4).shape
            let kernel = FusedBatchNormKernel(
                op: self, kernels: context.functions, rows: shape.elementCount(in: 0..<shape.rank - 1), channels: channels,
                outputs: context.outputs.count,
                hasStatistics: means.elementCount == channels && variances.elementCount == channels)
            return CompiledOperator(kernel, scratchByteCount: ByteCount.of(Double.self, channels, channels, channels, channels))
        }
    }
}

private struct FusedBatchNormKernel: Kernel {
    let op: FusedBatchNorm
    let kernels: KernelFunctions
    let rows: Int
    let channels: Int
    let outputs: Int
    let hasStatistics: Bool

    func run(_ context: KernelContext) {
        let sums = context.scratch.assumingMemoryBound(to: Double.self), squares = sums + channels
        let factors = (squares + channels).withMemoryRebound(to: Float.self, capacity: 2 * channels) { $0 }
        let shifts = factors + channels
        let x = context.input(0, as: Float.self)
        if op.trains {
            measure(x, sums, squares)
        } else {
            for c in 0..<channels {
                sums[c] = Double(context.input(3, as: Float.self)[c])
                squares[c] = Double(context.input(4, as: Float.self)[c])
            }
        }
        for c in 0..<channels {
            let factor = Double(context.input(1, as: Float.self)[c]) / (squares[c] + Double(op.epsilon)).squareRoot()
            factors[c] = Float(factor)
            shifts[c] = Float(Double(context.input(2, as: Float.self)[c]) - sums[c] * factor)
        }
        let end = FusedEpilogue(nil).with()
        kernels.channelsLast.scale_rows_f32(
            context.output(0, as: Float.self), x, factors, shifts, rows, channels, end.activation, end.alpha, end.beta)
        report(context, sums, squares)
    }

    /// Mean and variance of each channel of the batch.
    private func measure(_ x: UnsafePointer<Float>, _ means: UnsafeMutablePointer<Double>, _ variances: UnsafeMutablePointer<Double>) {
        means.update(repeating: 0, count: channels)
        variances.update(repeating: 0, count: channels)
        for row in 0..<rows {
            for c in 0..<channels { means[c] += Double(x[row * channels + c]) }
        }
        for c in 0..<channels { means[c] /= Double(rows) }
        for row in 0..<rows {
            for c in 0..<channels {
                let distance = Double(x[row * channels + c]) - means[c]
                variances[c] += distance * distance
            }
        }
        for c in 0..<channels { variances[c] /= Double(rows) }
    }

    private func report(_ context: KernelContext, _ means: UnsafePointer<Double>, _ variances: UnsafePointer<Double>) {
        let bessel = op.trains && rows > 1 ? Double(rows) / Double(rows - 1) : 1
        let momentum = op.trains ? Double(op.momentum) : 1
        for c in 0..<channels {
            let mean = means[c], variance = variances[c] * bessel
            let mixes = momentum != 1 && hasStatistics
            let oldMean = mixes ? Double(context.input(3, as: Float.self)[c]) : 0
            let oldVariance = mixes ? Double(context.input(4, as: Float.self)[c]) : 0
            if outputs > 1 { context.output(1, as: Float.self)[c] = Float(mixes ? oldMean + (mean - oldMean) * momentum : mean) }
            if outputs > 2 {
                context.output(2, as: Float.self)[c] = Float(mixes ? oldVariance + (variance - oldVariance) * momentum : variance)
            }
            if outputs > 3 { context.output(3, as: Float.self)[c] = Float(mean) }
            // What the gradient wants is the variance as it was used.
            if outputs > 4 { context.output(4, as: Float.self)[c] = Float(variances[c]) }
        }
        if outputs > 5 { context.output(5, as: Float.self)[0] = 0 }
    }
}
