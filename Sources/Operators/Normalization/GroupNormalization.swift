import CKernels
package import GraphIR
import Tensors

/// Normalisation of groups of channels, each by its own mean and variance; with one channel a group it is
/// InstanceNormalization.
///
/// - Shapes: `x` [N, C, …]; `scale`, `bias` [C] (GroupNormalization of opset 18: [groups]) → as `x`.
/// - Source: ONNX operators InstanceNormalization (opsets 1, 6 and 22) and GroupNormalization (opsets 18 and 21).
package struct GroupNormalization: Operator {
    /// nil for a group of each channel.
    let groups: Int?
    let epsilon: Float
    /// Whether scale and bias have one value for each group.
    let scalesGroups: Bool
    package var layout = TensorLayout.channelsFirst

    package init(groups: Int?, epsilon: Float = 1e-5, scalesGroups: Bool = false) {
        self.groups = groups
        self.epsilon = epsilon
        self.scalesGroups = scalesGroups
    }

    static func instance(_ attributes: AttributeReader) throws(OperatorError) -> GroupNormalization {
        GroupNormalization(groups: nil, epsilon: try NormalizationInputs.epsilon(attributes))
    }

    static func group(_ attributes: AttributeReader) throws(OperatorError) -> GroupNormalization {
        guard let groups = try attributes.integer("num_groups") else {
            throw .invalidAttribute(name: "num_groups", reason: "is missing")
        }
        guard groups >= 1 else { throw .invalidAttribute(name: "num_groups", reason: "is \(groups), expected at least 1") }
        return GroupNormalization(
            groups: groups, epsilon: try NormalizationInputs.epsilon(attributes), scalesGroups: attributes.version < 21)
    }

    package var name: String { groups == nil ? "InstanceNormalization" : "GroupNormalization" }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let x = try inputs.required(0, of: NormalizationInputs.elementTypes)
        let channels = try NormalizationInputs.channels(x, layout)
        if let groups, let count = channels.value, count % groups != 0 {
            throw .invalidAttribute(name: "num_groups", reason: "is \(groups), which does not divide \(count) channels")
        }
        let count = scalesGroups ? groups.map(Dimension.known) ?? channels : channels
        for index in 1...2 {
            try NormalizationInputs.checkVector(
                inputs, index, type: x.elementType, count: count, of: scalesGroups ? "group" : "channel")
        }
        return [ValueFact(x.type)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0]) }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        try layout.checkKernels(of: name)
        let channels = layout.channels(x.shape)
        let planes = GroupedPlanes(
            planes: x.shape[0] * channels, channels: channels, group: groups.map { channels / $0 } ?? 1,
            columns: layout.spatialCount(x.shape), epsilon: epsilon, scalesGroups: scalesGroups)
        let inPlace = [InPlace(output: 0, input: 0)]
        switch x.elementType {
        case .float32:
            return CompiledOperator(
                GroupNormKernel(kernels: context.functions, shape: planes),
                scratchByteCount: scalesGroups ? ByteCount.of(Float.self, channels, channels) : 0, inPlace: inPlace)
        case .float64: return CompiledOperator(PlainGroupNormKernel<Double>(shape: planes), inPlace: inPlace)
        default: throw .unsupported("\(name) of \(x.elementType)")
        }
    }
}

private struct GroupedPlanes: Sendable {
    let planes: Int
    let channels: Int
    /// Channels of one group.
    let group: Int
    let columns: Int
    let epsilon: Float
    let scalesGroups: Bool
}

private struct GroupNormKernel: Kernel {
    let kernels: KernelFunctions
    let shape: GroupedPlanes

    func run(_ context: KernelContext) {
        var scale = context.input(1, as: Float.self), bias = context.input(2, as: Float.self)
        if shape.scalesGroups {
            let spread = context.scratch.assumingMemoryBound(to: Float.self)
            for channel in 0..<shape.channels {
                spread[channel] = scale[channel / shape.group]
                spread[shape.channels + channel] = bias[channel / shape.group]
            }
            scale = UnsafePointer(spread)
            bias = UnsafePointer(spread + shape.channels)
        }
        kernels.matrix.group_norm_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self), scale, bias, shape.planes, shape.group,
            shape.channels, shape.columns, shape.epsilon)
    }
}

private struct PlainGroupNormKernel<Scalar: TensorScalar & BinaryFloatingPoint>: Kernel {
    let shape: GroupedPlanes

    func run(_ context: KernelContext) {
        guard shape.group > 0 else { return }
        let scale = context.input(1, as: Scalar.self), bias = context.input(2, as: Scalar.self)
        for first in stride(from: 0, to: shape.planes, by: shape.group) {
            let start = first * shape.columns, count = shape.group * shape.columns
            let x = context.input(0, as: Scalar.self) + start, y = context.output(0, as: Scalar.self) + start
            let (mean, inverse) = PlainMoments.of(x, count: count, epsilon: shape.epsilon)
            for i in 0..<count {
                let channel = (first + i / shape.columns) % shape.channels
                let parameter = shape.scalesGroups ? channel / shape.group : channel
                y[i] = (x[i] - mean) * inverse * scale[parameter] + bias[parameter]
            }
        }
    }
}
