package import GraphIR
import Tensors

/// Convolution (cross-correlation) of channels-last data with a filter whose channels lie innermost, over 1 to 3 axes of space.
///
/// - Shapes: `x` [N, spatial…, C], `filter` [kernel…, C / groups, M] (depthwise: [kernel…, C, m] with M = C · m), optional `bias`
///   [M] → [N, spatial…, M]; a filter less deep than the data makes groups. Passes may add input 3, a residual of the result's shape.
/// - Numerics: activation(x ∗ filter + bias + residual); float32 by packed products; float64 and int32 (wrapping) by plain sums;
///   16-bit floats are rounded once, from float32.
/// - Source: TensorFlow operators Conv2D, Conv3D, Conv and DepthwiseConv2dNative.
package struct FilterConvolution: Operator {
    package enum Kind: Sendable { case full, depthwise }

    package let name: String
    package let kind: Kind
    package var window: WindowAttributes
    /// Axes of the data; nil where several are allowed.
    let rank: Int?
    /// Applied to the result; set by passes, never for float64 and int32.
    package var activation: FusedActivation?

    package init(
        name: String = "Conv2D", kind: Kind = .full, window: WindowAttributes = WindowAttributes(), rank: Int? = 4
    ) {
        self.name = name
        self.kind = kind
        self.window = window
        self.rank = rank
    }

    static let elementTypes = ElementTypes.floatingPoint.union([.int32])

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...4)
        let x = try inputs.required(0, of: Self.elementTypes)
        let filter = try inputs.required(1, of: [x.elementType])
        if inputs[2] != nil { _ = try inputs.required(2, of: [x.elementType]) }
        guard let rank = try rank(x.shape, filter.shape) else { return [ValueFact(x.elementType, nil)] }
        let channels = try outputChannels(x.shape, filter.shape)
        try ConvolutionInputs.checkBias(inputs[2], channels: channels)
        let unknown = [Dimension](repeating: .unknown, count: rank - 2)
        let kernel = filter.shape.map { Array($0.dimensions.prefix(rank - 2)) } ?? unknown
        let spatial = try window.window(axes: rank - 2, weights: kernel).outputs(
            x.shape.map(TensorLayout.channelsLast.spatial) ?? unknown)
        let shape = TensorLayout.channelsLast.shape(batch: x.shape?[0] ?? .unknown, channels: channels, spatial: spatial)
        try ConvolutionInputs.checkResidual(inputs[3], try shape.checked("the output"))
        return [ValueFact(x.elementType, shape)]
    }

    private func rank(_ x: SymbolicShape?, _ filter: SymbolicShape?) throws(OperatorError) -> Int? {
        for (index, shape) in [x, filter].enumerated() {
            guard let shape else { continue }
            guard rank.map({ $0 == shape.rank }) ?? (3...5).contains(shape.rank) else {
                throw .invalidInput(
                    index: index, reason: "is \(shape) with \(shape.rank) axes, expected \(rank.map(String.init) ?? "3 to 5")")
            }
        }
        if let x, let filter, x.rank != filter.rank {
            throw .invalidInput(index: 1, reason: "has \(filter.rank) axes, input 0 has \(x.rank)")
        }
        return x?.rank ?? filter?.rank ?? rank
    }

    /// The channels of the result, after those of data and filter are found to fit.
    private func outputChannels(_ x: SymbolicShape?, _ filter: SymbolicShape?) throws(OperatorError) -> Dimension {
        guard let filter else { return .unknown }
        let depth = filter[filter.rank - 2], last = filter[filter.rank - 1], channels = x.map(TensorLayout.channelsLast.channels)
        guard kind == .full else {
            if let depth = depth.value, let channels = channels?.value, depth != channels {
                throw .invalidInput(index: 1, reason: "is for \(depth) channels, input 0 has \(channels)")
            }
            return Dimension.product([depth.value == nil ? channels ?? .unknown : depth, last])
        }
        if let depth = depth.value, let channels = channels?.value, channels > 0 || depth > 0 {
            guard depth > 0, channels % depth == 0 else {
                throw .invalidInput(index: 1, reason: "is \(depth) channels deep, which does not divide the \(channels) of input 0")
            }
            if let outputs = last.value, channels > 0, outputs % (channels / depth) != 0 {
                throw .invalidInput(index: 1, reason: "has \(outputs) output channels, not divisible into \(channels / depth) groups")
            }
        }
        return last
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, EpilogueInput.residual) else { return .mixed(RowReason.parameter) }
        let residual = inputs.axis(EpilogueInput.residual)
        guard inputs.axis(0) == 0, inputs[EpilogueInput.residual] == nil || residual == 0 else { return .mixed(RowReason.crossed) }
        return .rows(axis: 0, of: inputs)
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0), geometry = try geometry(x.shape, context.input(1).shape, context.outputs[0].shape)
        let bias = context.has(2) ? 2 : nil, residual = context.has(3) ? 3 : nil
        switch x.elementType {
        case .float32 where kind == .full:
            return try FilterConvolutionKernel.compile(
                context, geometry, .outputsInnermost, bias: bias, residual: residual, activation: activation)
        case .float32 where geometry.isFlat:
            return try DepthwiseFilterKernel.compile(
                context, geometry, .outputsInnermost, bias: bias, residual: residual, activation: activation)
        case .float64:
            return CompiledOperator(PlainFilterConvolution<Double>(geometry: geometry, biasInput: bias, residualInput: residual))
        case .int32:
            return CompiledOperator(PlainFilterConvolution<Int32>(geometry: geometry, biasInput: bias, residualInput: residual))
        default: throw .unsupported("\(name) of \(x.elementType)")
        }
    }

    private func geometry(_ x: Shape, _ filter: Shape, _ output: Shape) throws(OperatorError) -> ConvolutionGeometry {
        let depth = filter[filter.rank - 2], last = filter[filter.rank - 1]
        let groups = kind == .depthwise ? depth : depth > 0 ? max(x[x.rank - 1] / depth, 1) : 1
        let kernel = filter.extents.prefix(filter.rank - 2).map(Dimension.known)
        return try ConvolutionGeometry(
            window: window.window(axes: filter.rank - 2, weights: kernel), x: x, layout: .channelsLast, groups: groups,
            channelsIn: kind == .depthwise ? 1 : depth, channelsOut: kind == .depthwise ? last : last / groups, output: output)
    }
}
