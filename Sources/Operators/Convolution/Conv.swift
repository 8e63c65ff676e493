package import GraphIR
import Tensors

/// Convolution (cross-correlation) over 1 to 3 spatial axes.
///
/// - Shapes: `x` [N, C, spatial…], `weights` [M, C / group, kernel…], optional `bias` [M] → [N, M, spatial…]; passes may add
///   input 3, a residual of the result's shape.
/// - Numerics: activation(x ∗ weights + bias + residual); float32 by packed products, float64 by plain sums; 16-bit floats are
///   rounded once, from float32.
/// - Source: ONNX operator Conv, opsets 1, 11 and 22.
package struct Conv: Operator {
    package var window = WindowAttributes()
    package var groups = 1
    /// Of data and result; weights are as above in any. Channels-last float64 has no kernel.
    package var layout = TensorLayout.channelsFirst
    /// Applied to the result; set by passes, never for float64.
    package var activation: FusedActivation?

    package init(window: WindowAttributes = WindowAttributes(), groups: Int = 1) {
        self.window = window
        self.groups = groups
    }

    package init(_ attributes: AttributeReader) throws(OperatorError) {
        window = try WindowAttributes(attributes)
        groups = try attributes.integer("group", default: 1)
        guard (1...WindowAttributes.limit).contains(groups) else {
            throw .invalidAttribute(name: "group", reason: "is \(groups), expected 1 to \(WindowAttributes.limit)")
        }
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...4)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        let weights = try inputs.required(1, of: [x.elementType])
        if x.elementType == .float64, activation != nil || inputs[3] != nil {
            throw .unsupported("a convolution of float64 with a residual or an activation")
        }
        if inputs[2] != nil { _ = try inputs.required(2, of: [x.elementType]) }
        let rank = try ConvolutionInputs.rank(x.shape, weights.shape)
        guard let rank else { return [ValueFact(x.elementType, nil)] }
        let kernel = weights.shape.map { Array($0.dimensions.dropFirst(2)) }
        let outputs = weights.shape?[0] ?? inputs[2]?.shape?.dimensions.first ?? .unknown
        try checkChannels(x.shape, weights.shape)
        try ConvolutionInputs.checkBias(inputs[2], channels: outputs)
        let resolved = try window.window(
            axes: rank - 2, weights: kernel ?? window.kernel?.map(Dimension.known) ?? unknown(rank - 2))
        let spatial = try resolved.outputs(x.shape.map(layout.spatial) ?? unknown(rank - 2))
        let shape = try layout.shape(batch: x.shape?[0] ?? .unknown, channels: outputs, spatial: spatial).checked("the output")
        try ConvolutionInputs.checkResidual(inputs[3], shape)
        return [ValueFact(x.elementType, shape)]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, EpilogueInput.residual) else { return .mixed(RowReason.parameter) }
        let residual = inputs.axis(EpilogueInput.residual)
        guard inputs.axis(0) == 0, inputs[EpilogueInput.residual] == nil || residual == 0 else { return .mixed(RowReason.crossed) }
        return .rows(axis: 0, of: inputs)
    }

    private func unknown(_ count: Int) -> [Dimension] { [Dimension](repeating: .unknown, count: count) }

    private func checkChannels(_ x: SymbolicShape?, _ weights: SymbolicShape?) throws(OperatorError) {
        if let outputs = weights?[0].value, outputs % groups != 0 {
            throw .invalidAttribute(name: "group", reason: "is \(groups), which does not divide \(outputs) output channels")
        }
        guard let channels = x.map(layout.channels)?.value, let each = weights?[1].value,
            each.multipliedReportingOverflow(by: groups) != (channels, false)
        else { return }
        throw .invalidInput(
            index: 1, reason: "has \(each) input channels in \(groups) groups, input 0 has \(channels) channels")
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context, weights: [1], layout == .channelsFirst ? compileWide : compileChannelsLast)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0), geometry = try geometry(context)
        let bias = context.has(2) ? 2 : nil, residual = context.has(3) ? 3 : nil
        switch x.elementType {
        case .float32 where geometry.isDense:
            let operand = RightOperand(
                rows: geometry.channelsIn * geometry.tapCount, columns: geometry.channelsOut, transposed: true, scale: 1)
            return try LinearKernel.compile(
                context, weights: operand, rows: geometry.batch, bias: bias, residual: residual, activation: activation)
        case .float32:
            return try ConvKernel.compile(context, geometry, bias: bias, residual: residual, activation: activation)
        case .float64:
            return CompiledOperator(PlainConvolution<Double>(geometry: geometry, biasInput: bias))
        default: throw .unsupported("Conv of \(x.elementType)")
        }
    }

    private func compileChannelsLast(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0), geometry = try geometry(context)
        guard x.elementType == .float32 else { throw .unsupported("Conv of \(x.elementType) over \(layout.rawValue) data") }
        let compile =
            geometry.isDepthwise && geometry.isFlat ? DepthwiseFilterKernel.compile : FilterConvolutionKernel.compile
        return try compile(
            context, geometry, .outputsOutermost, context.has(2) ? 2 : nil, context.has(3) ? 3 : nil, activation)
    }

    private func geometry(_ context: CompileContext) throws(OperatorError) -> ConvolutionGeometry {
        let weights = try context.input(1).shape
        let kernel = weights.extents.dropFirst(2).map(Dimension.known)
        return try ConvolutionGeometry(
            window: window.window(axes: weights.rank - 2, weights: kernel), x: context.input(0).shape, layout: layout,
            groups: groups, channelsIn: weights[1], channelsOut: weights[0] / groups, output: context.outputs[0].shape)
    }
}
