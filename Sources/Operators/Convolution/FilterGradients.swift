import CKernels
import GraphIR
import Tensors

/// The gradient of a convolution with respect to its data: what transposed convolutions are made of.
///
/// - Shapes: `sizes` (the result's extents; two numbers are its spatial ones), `filter` as in `FilterConvolution` [kernel…, C / groups,
///   M], `gradient` [N, spatial…, M] → [N, spatial…, C].
/// - Numerics: float32 by packed products (grouped and depthwise ones by plain sums), float64 and int32 (wrapping) by plain sums.
/// - Source: TensorFlow operators Conv2DBackpropInput, Conv2DBackpropInputV2, Conv3DBackpropInput, Conv3DBackpropInputV2 and
///   DepthwiseConv2dNativeBackpropInput.
struct FilterDataGradient: Operator {
    let name: String
    let kind: FilterConvolution.Kind
    let window: WindowAttributes
    let rank: Int
    /// Whether input 0 is data of the result's shape, in place of its extents.
    var readsShape = false

    var shapeOperands: Set<Int> { readsShape ? [] : [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let gradient = try inputs.required(2, of: FilterConvolution.elementTypes)
        let filter = try inputs.required(1, of: [gradient.elementType])
        for (index, fact) in [(1, filter), (2, gradient)] {
            if let shape = fact.shape, shape.rank != rank {
                throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected \(rank)")
            }
        }
        let depth = filter.shape?[rank - 2] ?? .unknown
        guard let extents = try extents(inputs, filter: filter, gradient: gradient) else {
            var shape = SymbolicShape(unknownRank: rank)
            shape[0] = gradient.shape?[0] ?? .unknown
            // A filter less deep than the result makes groups, so that its depth alone says nothing.
            if kind == .depthwise { shape[rank - 1] = depth }
            return [ValueFact(gradient.elementType, shape)]
        }
        let shape = try Shape(checked: extents, what: "the output")
        if let gradient = gradient.shape?.concrete, let filter = filter.shape?.concrete {
            _ = try geometry(shape, filter, gradient)
        }
        return [ValueFact(gradient.elementType, shape)]
    }

    private func extents(_ inputs: OperatorInputs, filter: ValueFact, gradient: ValueFact) throws(OperatorError) -> [Int]? {
        if readsShape { return try inputs.required(0).shape?.concrete?.extents }
        guard let sizes = try inputs.parameters(0) else { return nil }
        if sizes.count == rank { return sizes }
        guard sizes.count == rank - 2 else {
            throw .invalidInput(index: 0, reason: "has \(sizes.count) sizes, expected \(rank)")
        }
        guard let batch = gradient.shape?[0].value, let depth = filter.shape?[rank - 2].value else { return nil }
        return [batch] + sizes + [depth]
    }

    /// The sizes of the convolution whose data this is the gradient of.
    private func geometry(_ data: Shape, _ filter: Shape, _ gradient: Shape) throws(OperatorError) -> ConvolutionGeometry {
        let depth = filter[rank - 2], channels = data[rank - 1]
        let groups = kind == .depthwise ? depth : depth > 0 ? channels / depth : 0
        guard groups > 0, kind == .depthwise ? channels == depth : channels % depth == 0 && filter[rank - 1] % groups == 0 else {
            throw .invalidInput(index: 1, reason: "is \(filter), which does not fit data of \(channels) channels")
        }
        let outputs = kind == .depthwise ? depth * filter[rank - 1] : filter[rank - 1]
        let window = try window.window(axes: rank - 2, weights: filter.extents.prefix(rank - 2).map(Dimension.known))
        let placements = try window.placements(TensorLayout.channelsLast.spatial(data))
        let expected = [data[0]] + placements.map(\.output) + [outputs]
        guard gradient.extents == expected else {
            throw .invalidInput(index: 2, reason: "is \(gradient), expected \(Shape(expected)) for a result of \(data)")
        }
        return try ConvolutionGeometry(
            window: window, x: data, layout: .channelsLast, groups: groups, channelsIn: kind == .depthwise ? 1 : depth,
            channelsOut: outputs / groups, output: gradient)
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(2), inputs.axis(2) == 0 else { return .mixed(RowReason.parameter) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, weights: [1], compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let filter = try context.input(1), gradient = try context.input(2)
        let geometry = try geometry(context.outputs[0].shape, filter.shape, gradient.shape)
        switch filter.elementType {
        case .float32 where geometry.groups == 1 && gradient.shape.elementCount > 0:
            return try FilterDataGradientKernel.compile(context, geometry)
        case .float32: return CompiledOperator(PlainDataGradient<Float>(geometry: geometry))
        case .float64: return CompiledOperator(PlainDataGradient<Double>(geometry: geometry))
        case .int32: return CompiledOperator(PlainDataGradient<Int32>(geometry: geometry))
        default: throw .unsupported("\(name) of \(filter.elementType)")
        }
    }
}

/// Every pixel of the gradient times the transposed filter gives what it adds to the pixels under the window.
private struct FilterDataGradientKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: ConvolutionGeometry
    private let operand: RightOperand
    /// nil when the filter comes at run time and is packed into scratch.
    private let packed: Tensor?
    private let packedCount: Int

    /// Pixels that are multiplied before they are added.
    private static let block = 64

    static func compile(
        _ context: CompileContext, _ geometry: ConvolutionGeometry
    ) throws(OperatorError) -> CompiledOperator {
        let kernels = context.functions, columns = ByteCount.product(geometry.tapCount, geometry.channelsIn)
        let operand = RightOperand(rows: geometry.channelsOut, columns: columns, transposed: true, scale: 1)
        let packed = try operand.prepared(context, input: 1, kernels)
        let packedCount = packed == nil ? operand.packedCount(kernels) : 0
        let product = kernels.matrix.product_scratch_count(block, geometry.channelsOut, columns)
        let kernel = FilterDataGradientKernel(
            kernels: kernels, geometry: geometry, operand: operand, packed: packed, packedCount: packedCount)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, packedCount, ByteCount.product(block, columns), product),
            preparedInputs: packed == nil ? [] : [1])
    }

    func run(_ context: KernelContext) {
        let g = geometry, columns = operand.columns, channels = g.channelsIn
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil { operand.pack(context.input(1, as: Float.self), into: scratch, kernels) }
        let filter = packed.map(PackedWeights.floats) ?? UnsafePointer(scratch)
        let products = scratch + packedCount, inner = products + Self.block * columns
        let gradient = context.input(2, as: Float.self), y = context.output(0, as: Float.self)
        y.update(repeating: 0, count: g.batch * g.inputCount * channels)
        var end = FusedEpilogue(nil).with()
        let pixels = g.batch * g.outputCount
        for first in stride(from: 0, to: pixels, by: Self.block) {
            let count = min(Self.block, pixels - first)
            kernels.matrix.product_f32(
                products, columns, gradient + first * g.channelsOut, g.channelsOut, filter, count, g.channelsOut, columns, &end, inner)
            for pixel in 0..<count {
                let row = products + pixel * columns
                g.forEachTap(ofPixel: first + pixel) { input, tap in
                    let to = y + input * channels, from = row + tap * channels
                    for c in 0..<channels { to[c] += from[c] }
                }
            }
        }
    }
}

private struct PlainDataGradient<Scalar: ConvolutionScalar>: Kernel {
    let geometry: ConvolutionGeometry

    func run(_ context: KernelContext) {
        let g = geometry, inputs = g.groups * g.channelsIn, outputs = g.groups * g.channelsOut
        let filter = context.input(1, as: Scalar.self), gradient = context.input(2, as: Scalar.self)
        let y = context.output(0, as: Scalar.self)
        y.update(repeating: 0, count: g.batch * g.inputCount * inputs)
        for pixel in 0..<g.batch * g.outputCount {
            g.forEachTap(ofPixel: pixel) { input, tap in
                let from = gradient + pixel * outputs, weights = filter + tap * g.channelsIn * outputs
                for channel in 0..<outputs {
                    let to = y + input * inputs + channel / g.channelsOut * g.channelsIn
                    for c in 0..<g.channelsIn { Scalar.add(&to[c], from[channel], weights[c * outputs + channel]) }
                }
            }
        }
    }
}

/// The gradient of a convolution with respect to its filter.
///
/// - Shapes: `data` [N, spatial…, C], `sizes` (the filter's extents), `gradient` [N, spatial…, M] → the filter.
/// - Source: TensorFlow operators Conv2DBackpropFilter, Conv3DBackpropFilterV2 and DepthwiseConv2dNativeBackpropFilter.
struct FilterGradient: Operator {
    let name: String
    let kind: FilterConvolution.Kind
    let window: WindowAttributes
    let rank: Int

    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let data = try inputs.required(0, of: FilterConvolution.elementTypes)
        let gradient = try inputs.required(2, of: [data.elementType])
        guard let sizes = try inputs.parameters(1) else {
            return [ValueFact(data.elementType, SymbolicShape(unknownRank: rank))]
        }
        guard sizes.count == rank else { throw .invalidInput(index: 1, reason: "has \(sizes.count) sizes, expected \(rank)") }
        let shape = try Shape(checked: sizes, what: "the output")
        if let data = data.shape?.concrete, let gradient = gradient.shape?.concrete { _ = try geometry(data, shape, gradient) }
        return [ValueFact(data.elementType, shape)]
    }

    private func geometry(_ data: Shape, _ filter: Shape, _ gradient: Shape) throws(OperatorError) -> ConvolutionGeometry {
        // The shape rule of the convolution itself checks all that has to fit.
        let convolution = FilterConvolution(name: name, kind: kind, window: window, rank: rank)
        let result = try convolution.infer(
            OperatorInputs([ValueFact(.float32, data), ValueFact(.float32, filter)]))[0].concrete?.shape
        guard result == gradient else {
            throw .invalidInput(index: 2, reason: "is \(gradient), expected \(result.map(\.description) ?? "another shape")")
        }
        let depth = filter[rank - 2], groups = kind == .depthwise ? depth : depth > 0 ? max(data[rank - 1] / depth, 1) : 1
        let kernel = filter.extents.prefix(rank - 2).map(Dimension.known)
        return try ConvolutionGeometry(
            window: window.window(axes: rank - 2, weights: kernel), x: data, layout: .channelsLast, groups: groups,
            channelsIn: kind == .depthwise ? 1 : depth, channelsOut: kind == .depthwise ? filter[rank - 1] : filter[rank - 1] / groups,
            output: gradient)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            let geometry = try geometry(data.shape, context.outputs[0].shape, context.input(2).shape)
            switch data.elementType {
            case .float32: return CompiledOperator(PlainFilterGradient<Float>(geometry: geometry))
            case .float64: return CompiledOperator(PlainFilterGradient<Double>(geometry: geometry))
            case .int32: return CompiledOperator(PlainFilterGradient<Int32>(geometry: geometry))
            default: throw .unsupported("\(name) of \(data.elementType)")
            }
        }
    }
}

private struct PlainFilterGradient<Scalar: ConvolutionScalar>: Kernel {
    let geometry: ConvolutionGeometry

    func run(_ context: KernelContext) {
        let g = geometry, inputs = g.groups * g.channelsIn, outputs = g.groups * g.channelsOut
        let data = context.input(0, as: Scalar.self), gradient = context.input(2, as: Scalar.self)
        let y = context.output(0, as: Scalar.self)
        y.update(repeating: 0, count: g.tapCount * g.channelsIn * outputs)
        for pixel in 0..<g.batch * g.outputCount {
            g.forEachTap(ofPixel: pixel) { input, tap in
                let from = gradient + pixel * outputs, to = y + tap * g.channelsIn * outputs
                for channel in 0..<outputs {
                    let x = data + input * inputs + channel / g.channelsOut * g.channelsIn
                    for c in 0..<g.channelsIn { Scalar.add(&to[c * outputs + channel], x[c], from[channel]) }
                }
            }
        }
    }
}
