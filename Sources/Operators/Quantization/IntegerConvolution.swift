import GraphIR
import Tensors

/// Convolution of 8-bit integers around zero points, over 1 to 3 spatial axes.
///
/// - Shapes: x [N, C, spatial…], weights [M, C / group, kernel…] → [N, M, spatial…]; scales and zero points are one number, those
///   of the weights also one for each of the M channels; an int32 bias [M] in units of scale of x · scale of the weights.
/// - Types: int8 and uint8 in any pairing; ConvInteger gives int32, QLinearConv the type of its last zero point.
/// - Numerics: padding stands for 0; sums of int32 wrap; quantized results are rounded to the nearest integer, of two the even one.
/// - Source: ONNX operators ConvInteger and QLinearConv, opset 10.
struct IntegerConvolution: Operator {
    let isQuantized: Bool
    let window: WindowAttributes
    let groups: Int

    var name: String { isQuantized ? "QLinearConv" : "ConvInteger" }

    init(_ reader: AttributeReader, isQuantized: Bool) throws(OperatorError) {
        self.isQuantized = isQuantized
        window = try WindowAttributes(reader)
        groups = try reader.integer("group", default: 1)
        guard (1...WindowAttributes.limit).contains(groups) else {
            throw .invalidAttribute(name: "group", reason: "is \(groups), expected 1 to \(WindowAttributes.limit)")
        }
    }

    private var weightsInput: Int { isQuantized ? 3 : 1 }
    private var zeroInput: Int { 2 }
    private var weightsZeroInput: Int { isQuantized ? 5 : 3 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(isQuantized ? 8...9 : 2...4)
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
        return [ValueFact(type, try shape(x.shape, weights.shape))]
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
        let spatial = try resolved.outputs(x.map { Array($0.dimensions.dropFirst(2)) } ?? unknown)
        return try SymbolicShape([x?[0] ?? .unknown, weights?[0] ?? .unknown] + spatial).checked("the output")
    }

    private func checkChannels(_ x: SymbolicShape?, _ weights: SymbolicShape?) throws(OperatorError) {
        if let outputs = weights?[0].value, outputs % groups != 0 {
            throw .invalidAttribute(name: "group", reason: "is \(groups), which does not divide \(outputs) output channels")
        }
        guard let channels = x?[1].value, let each = weights?[1].value,
            each.multipliedReportingOverflow(by: groups) != (channels, false)
        else { return }
        throw .invalidInput(
            index: weightsInput, reason: "has \(each) input channels in \(groups) groups, input 0 has \(channels) channels")
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let axis = inputs.onlyAxis() else { return .mixed(RowReason.parameter) }
        return axis == 0 ? .rows(axis: 0, of: inputs) : .mixed(RowReason.joined)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0), weights = try context.input(weightsInput).shape, output = context.outputs[0]
        let kernel = weights.extents.dropFirst(2).map(Dimension.known)
        let geometry = try ConvolutionGeometry(
            window: window.window(axes: weights.rank - 2, weights: kernel), x: x.shape, layout: .channelsFirst, groups: groups,
            channelsIn: weights[1], channelsOut: weights[0] / groups, output: output.shape)
        let steps = weights.elementCount(in: 1..<weights.rank)
        return IntegerConvolutionKernel(
            geometry: geometry, isSigned: x.elementType == .int8, zeroInput: context.present(zeroInput),
            weights: try IntegerWeights(context, input: weightsInput, steps: steps, columns: weights[0], holdsColumns: true),
            weightsZero: context.has(weightsZeroInput) ? try MatrixParameter(context, weightsZeroInput, lines: weights[0]) : nil,
            weightsScale: isQuantized ? try MatrixParameter(context, 4, lines: weights[0]) : nil,
            biasInput: isQuantized ? context.present(8) : nil, resultIsSigned: output.elementType == .int8
        ).compiled
    }
}

private struct IntegerConvolutionKernel: Kernel {
    let geometry: ConvolutionGeometry
    let isSigned: Bool
    let zeroInput: Int?
    let weights: IntegerWeights
    let weightsZero: MatrixParameter?
    /// nil where sums are the result.
    let weightsScale: MatrixParameter?
    let biasInput: Int?
    let resultIsSigned: Bool

    /// Of one group of one image: a row for each place of the output.
    private var product: IntegerProduct {
        IntegerProduct(rows: geometry.outputCount, steps: weights.steps, columns: geometry.channelsOut)
    }

    var compiled: CompiledOperator {
        CompiledOperator(
            self, scratchByteCount: ByteCount.sum(product.scratchByteCount, weights.scratchByteCount),
            preparedInputs: weights.preparedInputs)
    }

    private var unitCount: Int { geometry.batch * geometry.groups * product.unitCount }

    /// What is no constant is prepared once, by the one part.
    private var split: PartSplit {
        guard weights.packed != nil else { return .whole }
        let products = Double(geometry.batch) * Double(geometry.outputCount) * Double(weights.steps) * Double(weights.columns)
        return PartSplit(units: unitCount, operations: products / 4)
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { run(0..<unitCount, context) }

    func run(part: Int, _ context: KernelContext) {
        run(weights.packed == nil ? 0..<unitCount : split.units(of: part), context)
    }

    private func run(_ units: Range<Int>, _ context: KernelContext) {
        let product = product, g = geometry
        let columns = weights.columns(context, scratch: context.scratch)
        let scratch = context.scratch + weights.scratchByteCount
        let zero = context.smallInteger(zeroInput, isSigned: isSigned)
        let finish = ConvolutionFinish(self, context)
        for unit in units {
            let (plane, part) = unit.quotientAndRemainder(dividingBy: product.unitCount)
            let firstChannel = plane % g.groups * g.channelsOut
            let x = SmallIntegers(context.input(0) + plane * g.channelsIn * g.inputCount, isSigned: isSigned)
            let result = plane * g.channelsOut * g.outputCount
            product.run(unit: part, right: columns + firstChannel * weights.steps, scratch: scratch) { row, to in
                fill(to, x, row, zero)
            } finish: { row, column, rowSum, sum in
                finish(result + column * g.outputCount + row, firstChannel + column, rowSum, sum)
            }
        }
    }

    /// Writes what the window sees at place `row` of the output, with 0 for padding.
    @inline(__always)
    private func fill(_ to: UnsafeMutablePointer<Int16>, _ x: SmallIntegers, _ row: Int, _ zero: Int32) {
        let g = geometry
        let (rest, column) = row.quotientAndRemainder(dividingBy: g.output.2)
        let (depth, line) = rest.quotientAndRemainder(dividingBy: g.output.1)
        var target = to
        for channel in 0..<g.channelsIn {
            for i in 0..<g.kernel.0 {
                let d = depth * g.stride.0 + i * g.dilation.0 - g.pad.0
                for j in 0..<g.kernel.1 {
                    let h = line * g.stride.1 + j * g.dilation.1 - g.pad.1
                    let isInside = d >= 0 && d < g.input.0 && h >= 0 && h < g.input.1
                    let start = channel * g.inputCount + (d * g.input.1 + h) * g.input.2
                    for k in 0..<g.kernel.2 {
                        let w = column * g.stride.2 + k * g.dilation.2 - g.pad.2
                        target[k] = isInside && w >= 0 && w < g.input.2 ? Int16(truncatingIfNeeded: x[start + w] &- zero) : 0
                    }
                    target += g.kernel.2
                }
            }
        }
    }

    /// What becomes of a sum.
    private struct ConvolutionFinish {
        private let kernel: IntegerConvolutionKernel
        private let context: KernelContext
        private let rounding: LinearRounding
        private let scale: Float
        private let resultScale: Float

        init(_ kernel: IntegerConvolutionKernel, _ context: KernelContext) {
            self.kernel = kernel
            self.context = context
            let isQuantized = kernel.weightsScale != nil, isSigned = kernel.resultIsSigned
            rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(isQuantized ? 7 : nil, isSigned: isSigned))
            scale = isQuantized ? context.number(1) : 1
            resultScale = isQuantized ? context.number(6) : 1
        }

        @inline(__always)
        func callAsFunction(_ place: Int, _ channel: Int, _ rowSum: Int32, _ sum: Int32) {
            var sum = sum &- (kernel.weightsZero?.integer(context, matrix: 0, line: channel) ?? 0) &* rowSum
            guard let weightsScale = kernel.weightsScale else {
                context.output(0, as: Int32.self)[place] = sum
                return
            }
            if let bias = kernel.biasInput { sum &+= context.input(bias, as: Int32.self)[channel] }
            let factor = scale * weightsScale.scale(context, matrix: 0, line: channel) / resultScale
            context.output(0, as: UInt8.self)[place] = UInt8(truncatingIfNeeded: rounding.integer(Float(sum) * factor))
        }
    }
}
