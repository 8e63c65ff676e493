import CKernels
import GraphIR
import Tensors

/// Normalisation of groups of channels by their own mean and variance, with an activation on request.
///
/// - Shapes: x [N, spatial…, C] or [N, C, spatial…], scale and bias [C] → as x.
/// - Types: float32 and 16-bit floats, which are rounded once, from float32; scale and bias may be of another of them.
/// - Source: onnxruntime's GroupNorm (com.microsoft).
struct ContribGroupNorm: Operator {
    let groups: Int
    let epsilon: Float
    let layout: TensorLayout
    /// Whether the result is multiplied by its sigmoid.
    let activates: Bool

    let name = "GroupNorm"

    init(_ reader: AttributeReader) throws(OperatorError) {
        guard let groups = try reader.integer("groups"), groups >= 1 else {
            throw .invalidAttribute(name: "groups", reason: "is missing or below 1")
        }
        self.groups = groups
        epsilon = try NormalizationInputs.epsilon(reader)
        layout = try reader.flag("channels_last", default: true) ? .channelsLast : .channelsFirst
        let activation = try reader.integer("activation", default: 0)
        guard activation == 0 || activation == 1 else {
            throw .invalidAttribute(name: "activation", reason: "is \(activation), expected 0 or 1")
        }
        activates = activation == 1
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let types: Set<ElementType> = [.float32, .float16, .bfloat16]
        let x = try inputs.required(0, of: types)
        let channels = try NormalizationInputs.channels(x, layout)
        if let count = channels.value, count % groups != 0 {
            throw .invalidAttribute(name: "groups", reason: "is \(groups), which does not divide \(count) channels")
        }
        for index in 1...2 {
            let type = try inputs.required(index, of: types).elementType
            try NormalizationInputs.checkVector(inputs, index, type: type, count: channels, of: "channel")
        }
        return [ValueFact(x.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let shape = try context.input(0).shape
            let kernel = ImageGroupNorm(
                images: shape[0], channels: layout.channels(shape), group: layout.channels(shape) / groups,
                places: layout.spatialCount(shape), isChannelsLast: layout == .channelsLast, epsilon: epsilon, activates: activates,
                kernels: context.functions)
            return CompiledOperator(kernel)
        }
    }
}

private struct ImageGroupNorm: Kernel {
    let images: Int
    let channels: Int
    /// Channels of one group.
    let group: Int
    let places: Int
    let isChannelsLast: Bool
    let epsilon: Float
    let activates: Bool
    let kernels: KernelFunctions

    func run(_ context: KernelContext) {
        let scale = context.input(1, as: Float.self), bias = context.input(2, as: Float.self)
        let count = channels * places
        guard isChannelsLast else {
            kernels.matrix.group_norm_f32(
                context.output(0, as: Float.self), context.input(0, as: Float.self), scale, bias, images * channels, group,
                channels, places, epsilon)
            activate(context)
            return
        }
        for image in 0..<images {
            let x = context.input(0, as: Float.self) + image * count, y = context.output(0, as: Float.self) + image * count
            for first in stride(from: 0, to: channels, by: group) { normalize(first..<first + group, x, y, scale, bias) }
        }
        activate(context)
    }

    private func activate(_ context: KernelContext) {
        guard activates else { return }
        let y = context.output(0, as: Float.self)
        kernels.elementwise.silu_f32(y, y, images * channels * places)
    }

    /// One group of one image, channels innermost.
    private func normalize(
        _ range: Range<Int>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ scale: UnsafePointer<Float>,
        _ bias: UnsafePointer<Float>
    ) {
        var sum = 0.0, squares = 0.0
        for place in 0..<places { for channel in range { sum += Double(x[place * channels + channel]) } }
        let count = Double(places) * Double(range.count), mean = sum / count
        for place in 0..<places {
            for channel in range {
                let distance = Double(x[place * channels + channel]) - mean
                squares += distance * distance
            }
        }
        let inverse = Float(1 / (squares / count + Double(epsilon)).squareRoot()), centre = Float(mean)
        for place in 0..<places {
            for channel in range {
                let at = place * channels + channel
                y[at] = (x[at] - centre) * inverse * scale[channel] + bias[channel]
            }
        }
    }
}
