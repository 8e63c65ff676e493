import GraphIR
import Tensors

/// Convolution of 8-bit integers around zero points, over 1 to 3 spatial axes.
///
/// - Shapes: x [N, C, spatial…], weights [M, C / group, kernel…] → [N, M, spatial…]; scales and zero points are one number, those
///   of the weights also one for each of the M channels; an int32 bias [M] in units of scale of x · scale of the weights. Passes may
///   choose channels-last data and result.
/// - Types: int8 and uint8 in any pairing; ConvInteger gives int32, QLinearConv the type of its last zero point.
/// - Numerics: padding stands for 0; sums of int32 wrap; quantized results are rounded to the nearest integer, of two the even one.
/// - Source: ONNX operators ConvInteger and QLinearConv, opset 10.
struct IntegerConvolution: Operator {
    let isQuantized: Bool
    let window: WindowAttributes
    let groups: Int
    /// Of data and result; weights are as above in any.
    var layout = TensorLayout.channelsFirst
    /// Limits of a quantized result beside those of its type: an activation that passes have put in.
    var limits: ClosedRange<Int32>?

    var name: String { isQuantized ? "QLinearConv" : "ConvInteger" }

    init(_ reader: AttributeReader, isQuantized: Bool) throws(OperatorError) {
        self.isQuantized = isQuantized
        window = try WindowAttributes(reader)
        groups = try reader.integer("group", default: 1)
        guard (1...WindowAttributes.limit).contains(groups) else {
            throw .invalidAttribute(name: "group", reason: "is \(groups), expected 1 to \(WindowAttributes.limit)")
        }
    }

    /// A residual with a quantization of its own, added to the result, which is quantized anew: inputs 9 to 13 are its bytes, their scale
    /// and zero point, and those of the sum. Passes set it, for channels-last data.
    var addsResidual = false
    /// Limits of the sum beside those of its type.
    var sumLimits: ClosedRange<Int32>?

    /// A quantized one, for passes.
    init(quantizing window: WindowAttributes, groups: Int, limits: ClosedRange<Int32>?) {
        isQuantized = true
        self.window = window
        self.groups = groups
        self.limits = limits
    }

    private var weightsInput: Int { isQuantized ? 3 : 1 }
    private var zeroInput: Int { 2 }
    private var weightsZeroInput: Int { isQuantized ? 5 : 3 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(addsResidual ? 14...14 : isQuantized ? 8...9 : 2...4)
        let x = try inputs.required(0, of: LinearTypes.eightBits)
        let weights = try inputs.required(weightsInput, of: LinearTypes.eightBits)
        let channels = weights.shape?.dimensions.first ?? .unknown
        try inputs.checkOneNumber(zeroInput, of: [x.elementType], isOptional: !isQuantized)
        if isQuantized || inputs[weightsZeroInput] != nil {
            try inputs.checkNumbers(weightsZeroInput, of: [weights.elementType], count: channels)
        }
        var type = ElementType.int32
        if isQuantized {
            type = try inputs.required(7, of: LinearTypes.eightBits).elementType
            try inputs.checkOneQuantization(scale: 6, zero: 7, type: type, zeroIsOptional: false)
            try inputs.checkOneNumber(1, of: [.float32])
            try inputs.checkNumbers(4, of: [.float32], count: channels)
            try checkBias(inputs, channels)
        }
        let shape = try shape(x.shape, weights.shape)
        if addsResidual { try checkResidual(inputs, type, shape) }
        return [ValueFact(type, shape)]
    }

    private func checkResidual(_ inputs: OperatorInputs, _ type: ElementType, _ shape: SymbolicShape?) throws(OperatorError) {
        typealias Input = IntegerResidual.Input
        let residual = try inputs.required(Input.data, of: [type])
        try inputs.checkOneQuantization(scale: Input.scale, zero: Input.zero, type: type, zeroIsOptional: false)
        try inputs.checkOneQuantization(scale: Input.sumScale, zero: Input.sumZero, type: type, zeroIsOptional: false)
        if let found = residual.concrete?.shape, let expected = shape?.concrete, found != expected {
            throw .invalidInput(index: Input.data, reason: "is \(found), expected the result's shape \(expected)")
        }
    }

    private func checkBias(_ inputs: OperatorInputs, _ channels: Dimension) throws(OperatorError) {
        guard inputs[8] != nil, let shape = try inputs.required(8, of: [.int32]).shape else { return }
        guard shape.rank == 1, Dimension.unified(shape[0], channels) != nil else {
            throw .invalidInput(index: 8, reason: "has shape \(shape), expected one value for each of \(channels) output channels")
        }
    }

    private func shape(_ x: SymbolicShape?, _ weights: SymbolicShape?) throws(OperatorError) -> SymbolicShape? {
        guard let rank = try ConvolutionInputs.rank(x, weights) else { return nil }
        try checkChannels(x, weights)
        let unknown = [Dimension](repeating: .unknown, count: rank - 2)
        let kernel = weights.map { Array($0.dimensions.dropFirst(2)) } ?? window.kernel?.map(Dimension.known) ?? unknown
        let resolved = try window.window(axes: rank - 2, weights: kernel)
        let spatial = try resolved.outputs(x.map(layout.spatial) ?? unknown)
        return try layout.shape(batch: x?[0] ?? .unknown, channels: weights?[0] ?? .unknown, spatial: spatial).checked("the output")
    }

    private func checkChannels(_ x: SymbolicShape?, _ weights: SymbolicShape?) throws(OperatorError) {
        if let outputs = weights?[0].value, outputs % groups != 0 {
            throw .invalidAttribute(name: "group", reason: "is \(groups), which does not divide \(outputs) output channels")
        }
        guard let channels = x.map(layout.channels)?.value, let each = weights?[1].value,
            each.multipliedReportingOverflow(by: groups) != (channels, false)
        else { return }
        throw .invalidInput(
            index: weightsInput, reason: "has \(each) input channels in \(groups) groups, input 0 has \(channels) channels")
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        if addsResidual {
            guard inputs.onlyInputsCarryRows(0, IntegerResidual.Input.data) else { return .mixed(RowReason.parameter) }
            guard inputs.axis(0) == 0, inputs.axis(IntegerResidual.Input.data) == 0 else { return .mixed(RowReason.crossed) }
            return .rows(axis: 0, of: inputs)
        }
        guard let axis = inputs.onlyAxis() else { return .mixed(RowReason.parameter) }
        return axis == 0 ? .rows(axis: 0, of: inputs) : .mixed(RowReason.joined)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        guard layout == .channelsLast else {
            var last = self
            last.layout = .channelsLast
            return try ChannelsMoved(base: last, movedInputs: [0]).compile(context)
        }
        let x = try context.input(0), weights = try context.input(weightsInput).shape, output = context.outputs[0]
        let kernel = weights.extents.dropFirst(2).map(Dimension.known)
        let geometry = try ConvolutionGeometry(
            window: window.window(axes: weights.rank - 2, weights: kernel), x: x.shape, layout: layout, groups: groups,
            channelsIn: weights[1], channelsOut: weights[0] / groups, output: output.shape)
        var inputs = IntegerConvolutionInputs(
            isSigned: x.elementType == .int8, zero: context.present(zeroInput),
            weightsZero: context.has(weightsZeroInput) ? try MatrixParameter(context, weightsZeroInput, lines: weights[0]) : nil,
            weightsScale: isQuantized ? try MatrixParameter(context, 4, lines: weights[0]) : nil,
            bias: isQuantized ? context.present(8) : nil, resultIsSigned: output.elementType == .int8, limits: limits)
        if addsResidual { inputs.residual = IntegerResidual(isSigned: output.elementType == .int8, limits: sumLimits) }
        if let depthwise = try DepthwiseIntegerKernel.compile(context, geometry, inputs, weightsInput: weightsInput) {
            return depthwise
        }
        let operand = try IntegerOperand.filter(
            context, input: weightsInput, taps: geometry.tapCount, channels: geometry.channelsIn, columns: geometry.channelsOut,
            groups: groups)
        return IntegerConvolutionKernel(geometry: geometry, inputs: inputs, weights: operand).compiled
    }
}
