package import GraphIR
import Tensors

/// Transposed convolution (the gradient of a convolution with respect to its input) over 1 to 3 spatial axes.
///
/// - Shapes: `x` [N, C, spatial…], `weights` [C, M / group, kernel…], optional `bias` [M] → [N, M, spatial…] with
///   (input − 1) · stride + output_padding + reach − pads elements along an axis.
/// - Numerics: float32 by packed products, float64 by plain sums; 16-bit floats are rounded once, from float32.
/// - Source: ONNX operator ConvTranspose, opsets 1, 11 and 22.
package struct ConvTranspose: Operator {
    var window: WindowAttributes
    var groups: Int
    /// Of data and result; weights are as above in any.
    package var layout = TensorLayout.channelsFirst
    /// Elements added at the end of each axis.
    var outputPadding: [Int]?
    /// Extents that the result shall have; padding follows from them.
    var outputShape: [Int]?

    init(_ attributes: AttributeReader) throws(OperatorError) {
        window = try WindowAttributes(attributes)
        groups = try attributes.integer("group", default: 1)
        outputPadding = try WindowAttributes.list(attributes, "output_padding", atLeast: 0)
        outputShape = try WindowAttributes.list(attributes, "output_shape", atLeast: 0)
        guard (1...WindowAttributes.limit).contains(groups) else {
            throw .invalidAttribute(name: "group", reason: "is \(groups), expected 1 to \(WindowAttributes.limit)")
        }
    }

    package init(window: WindowAttributes, groups: Int = 1, outputPadding: [Int]? = nil, outputShape: [Int]? = nil) {
        self.window = window
        self.groups = groups
        self.outputPadding = outputPadding
        self.outputShape = outputShape
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...3)
        let x = try inputs.required(0, of: ElementTypes.floatingPoint)
        let weights = try inputs.required(1, of: [x.elementType])
        if inputs[2] != nil { _ = try inputs.required(2, of: [x.elementType]) }
        guard let rank = try ConvolutionInputs.rank(x.shape, weights.shape) else { return [ValueFact(x.elementType, nil)] }
        if let channels = x.shape.map(layout.channels)?.value {
            guard channels % groups == 0 else {
                throw .invalidAttribute(name: "group", reason: "is \(groups), which does not divide \(channels) input channels")
            }
            if let expected = weights.shape?[0].value, expected != channels {
                throw .invalidInput(index: 1, reason: "is for \(expected) input channels, input 0 has \(channels)")
            }
        }
        let channels = outputChannels(weights.shape, inputs[2]?.shape)
        try ConvolutionInputs.checkBias(inputs[2], channels: channels)
        var spatial = [Dimension](repeating: .unknown, count: rank - 2)
        if let weights = weights.shape {
            let resolved = try window.window(axes: rank - 2, weights: Array(weights.dimensions.dropFirst(2)))
            for axis in 0..<rank - 2 {
                guard let input = x.shape.map(layout.spatial)?[axis].value, resolved.axes[axis].kernel != nil else { continue }
                spatial[axis] = .known(try place(resolved.axes[axis], axis, of: rank - 2, input: input).output)
            }
        }
        let shape = layout.shape(batch: x.shape?[0] ?? .unknown, channels: channels, spatial: spatial)
        return [ValueFact(x.elementType, try shape.checked("the output"))]
    }

    package func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0]) }

    private func outputChannels(_ weights: SymbolicShape?, _ bias: SymbolicShape?) -> Dimension {
        guard let weights else { return bias?.dimensions.first ?? .unknown }
        guard let each = weights[1].value else { return .unknown }
        let (count, overflow) = each.multipliedReportingOverflow(by: groups)
        return overflow ? .unknown : .known(count)
    }

    /// The result's extent and the padding taken from its start and end.
    private func place(_ axis: Window.Axis, _ index: Int, of count: Int, input: Int) throws(OperatorError) -> Window.Placement {
        for (name, values) in [("output_padding", outputPadding), ("output_shape", outputShape)] {
            guard let values else { continue }
            guard values.count == count else {
                throw .invalidAttribute(name: name, reason: "has \(values.count) values, expected \(count)")
            }
            try WindowAttributes.check(name, values, atLeast: 0)
        }
        try Window.Axis.check(input)
        guard input > 0 else { return Window.Placement(output: outputShape?[index] ?? 0, padStart: 0, padEnd: 0) }
        let added = outputPadding?[index] ?? 0
        let (span, overflow) = (input - 1).multipliedReportingOverflow(by: axis.stride)
        guard !overflow, span <= Shape.maximumElementCount else {
            throw .invalidInput(index: 0, reason: "has an axis of \(input), too long for stride \(axis.stride)")
        }
        let full = span + added + (axis.reach ?? 1)
        var wanted = outputShape?[index]
        if wanted == nil, [.sameUpper, .sameLower].contains(axis.autoPadding) { wanted = input * axis.stride }
        if let wanted {
            let total = max(full - wanted, 0)
            let start = axis.autoPadding == .sameUpper ? total / 2 : total - total / 2
            return Window.Placement(output: wanted, padStart: start, padEnd: total - start)
        }
        let (start, end) = axis.autoPadding == .valid ? (0, 0) : (axis.padStart, axis.padEnd)
        guard full >= start + end else {
            throw .invalidAttribute(name: "pads", reason: "take \(start + end) elements from an axis of \(full)")
        }
        return Window.Placement(output: full - start - end, padStart: start, padEnd: end)
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try layout.checkKernels(of: name)
        return try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0), weights = try context.input(1).shape
        let resolved = try window.window(axes: x.shape.rank - 2, weights: weights.extents.dropFirst(2).map(Dimension.known))
        var starts: [Int] = []
        for (index, axis) in resolved.axes.enumerated() {
            starts.append(try place(axis, index, of: resolved.axes.count, input: layout.spatial(x.shape)[index]).padStart)
        }
        let geometry = ConvolutionGeometry(
            window: resolved, x: x.shape, layout: layout, groups: groups, channelsIn: layout.channels(x.shape) / groups,
            channelsOut: weights[1], output: context.outputs[0].shape, padStarts: starts)
        let bias = context.has(2) ? 2 : nil
        switch x.elementType {
        case .float32: return try ConvTransposeKernel.compile(context, geometry, bias: bias)
        case .float64: return CompiledOperator(PlainTransposedConvolution<Double>(geometry: geometry, biasInput: bias))
        default: throw .unsupported("ConvTranspose of \(x.elementType)")
        }
    }
}
