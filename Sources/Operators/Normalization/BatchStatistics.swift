import GraphIR
import Tensors

/// Normalisation of each channel by the statistics of the batch itself, as in training.
///
/// - Shapes: `x` [N, C, …]; `scale`, `bias`, `mean`, `variance` [C] → [N, C, …], and on request the recorded mean and variance [C]
///   moved towards those of the batch. A vector `x` [N] has one channel.
/// - Numerics: (x − mean) · scale / sqrt(variance + epsilon) + bias, where the variance divides by the count; recorded · momentum +
///   new · (1 − momentum).
/// - Source: ONNX operator BatchNormalization, opsets 14 and 15, with `training_mode`.
struct BatchStatistics: Operator {
    let epsilon: Float
    let momentum: Float

    var name: String { "BatchNormalization" }

    init(_ reader: AttributeReader) throws(OperatorError) {
        epsilon = try NormalizationInputs.epsilon(reader)
        momentum = try reader.float("momentum", default: 0.9)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(5...5)
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        if x.rank == 0 { throw .invalidInput(index: 0, reason: "is a scalar, expected a batch") }
        var channels = x.rank == 1 ? .known(1) : try NormalizationInputs.channels(x, .channelsFirst)
        for index in 1...4 {
            try NormalizationInputs.checkVector(inputs, index, type: x.elementType, count: channels, of: "channel")
            if let shape = inputs[index]?.shape { channels = Dimension.unified(channels, shape[0]) ?? channels }
        }
        let statistics = ValueFact(x.elementType, SymbolicShape([channels]))
        return Array([ValueFact(x.type), statistics, statistics].prefix(max(inputs.outputCount, 1)))
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let x = try context.input(0)
            return x.elementType == .float64
                ? CompiledOperator(
                    BatchStatisticsKernel<Double>(self, x.shape, context.outputs.count), inPlace: context.inPlace(0..<1))
                : CompiledOperator(
                    BatchStatisticsKernel<Float>(self, x.shape, context.outputs.count), inPlace: context.inPlace(0..<1))
        }
    }
}

private struct BatchStatisticsKernel<Scalar: FloatingScalar>: Kernel {
    private let op: BatchStatistics
    private let images: Int
    private let channels: Int
    private let columns: Int
    private let outputs: Int

    init(_ op: BatchStatistics, _ shape: Shape, _ outputs: Int) {
        self.op = op
        self.outputs = outputs
        channels = shape.rank < 2 ? 1 : shape[1]
        columns = shape.rank < 2 ? 1 : shape.elementCount(in: 2..<shape.rank)
        // Without columns there may be any number of images.
        images = columns == 0 ? 0 : shape[0]
    }

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self), momentum = Double(op.momentum)
        for channel in 0..<channels {
            let (mean, variance) = measured(x, channel)
            let factor = Double(context.input(1, as: Scalar.self)[channel]) / (variance + Double(op.epsilon)).squareRoot()
            let bias = Double(context.input(2, as: Scalar.self)[channel])
            for image in 0..<images {
                let start = (image * channels + channel) * columns
                for i in start..<start + columns { y[i] = Scalar((Double(x[i]) - mean) * factor + bias) }
            }
            for (output, new) in [mean, variance].enumerated() where output + 1 < outputs {
                let recorded = Double(context.input(3 + output, as: Scalar.self)[channel])
                context.output(1 + output, as: Scalar.self)[channel] = Scalar(recorded * momentum + new * (1 - momentum))
            }
        }
    }

    /// Mean and variance of a channel; NaN when the batch is empty.
    private func measured(_ x: UnsafePointer<Scalar>, _ channel: Int) -> (mean: Double, variance: Double) {
        let count = Double(images * columns)
        var sum = 0.0, squares = 0.0
        for image in 0..<images {
            let start = (image * channels + channel) * columns
            for i in start..<start + columns { sum += Double(x[i]) }
        }
        let mean = sum / count
        for image in 0..<images {
            let start = (image * channels + channel) * columns
            for i in start..<start + columns { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
        }
        return (mean, squares / count)
    }
}
