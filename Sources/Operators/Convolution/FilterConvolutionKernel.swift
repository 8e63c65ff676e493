import CKernels
import GraphIR
import Tensors

/// The order in which a filter lies before it is packed.
enum FilterOrder: String {
    /// [channels out, channels in of a group, kernel…], as in ONNX.
    case outputsOutermost
    /// [kernel…, channels in of a group, channels out], as in TensorFlow.
    case outputsInnermost

    func strides(_ geometry: ConvolutionGeometry) -> apus_filter_strides {
        let taps = geometry.tapCount, outputs = geometry.groups * geometry.channelsOut
        return switch self {
        case .outputsOutermost: apus_filter_strides(output: geometry.channelsIn * taps, input: taps, tap: 1)
        case .outputsInnermost: apus_filter_strides(output: 1, input: outputs, tap: geometry.channelsIn * outputs)
        }
    }
}

/// activation(x ∗ filter + bias + residual) over channels-last data, single precision, over a packed filter.
struct FilterConvolutionKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: ConvolutionGeometry
    private let strides: apus_filter_strides
    /// nil when the filter comes at run time and is packed into scratch.
    private let packed: Tensor?
    private let scratchOffset: Int
    private let split: PartSplit
    private let biasInput: Int?
    private let residualInput: Int?
    private let epilogue: FusedEpilogue

    static func compile(
        _ context: CompileContext, _ geometry: ConvolutionGeometry, _ order: FilterOrder, bias: Int?, residual: Int?,
        activation: FusedActivation?
    ) throws(OperatorError) -> CompiledOperator {
        let kernels = context.functions
        var shape = geometry.shape
        let strides = order.strides(geometry)
        let packedCount = kernels.channelsLast.packed_filter_count(&shape)
        let form = "filter/\(order)/\(kernels.levelName)/\(geometry.weightsForm)/\(kernels.channelsLast.filter_kind(&shape))"
        let packed = try context.prepared(1, form: form) { (filter) throws(OperatorError) in
            try PackedWeights.tensor(context, count: packedCount, filter) { packed, filter in
                var shape = geometry.shape, strides = strides
                kernels.channelsLast.pack_filter_f32(packed, filter, &shape, &strides)
            }
        }
        let runtimeCount = packed == nil ? packedCount : 0
        let products = Double(geometry.weightCount) * Double(geometry.batch) * Double(geometry.outputCount)
        let parts = kernels.channelsLast.convolution_part_count(&shape)
        let kernel = FilterConvolutionKernel(
            kernels: kernels, geometry: geometry, strides: strides, packed: packed, scratchOffset: runtimeCount,
            split: packed == nil ? .whole : PartSplit(units: parts, operations: products), biasInput: bias,
            residualInput: residual, epilogue: FusedEpilogue(activation))
        let scratchCount = kernels.channelsLast.convolution_scratch_count(&shape)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, runtimeCount, scratchCount),
            inPlace: residual.map { [InPlace(output: 0, input: $0)] } ?? [], preparedInputs: packed == nil ? [] : [1])
    }

    func run(_ context: KernelContext) {
        var shape = geometry.shape, end = end(context)
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil {
            var strides = strides
            kernels.channelsLast.pack_filter_f32(scratch, context.input(1, as: Float.self), &shape, &strides)
        }
        kernels.channelsLast.convolution_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self),
            packed.map(PackedWeights.floats) ?? UnsafePointer(scratch), &shape, &end, scratch + scratchOffset)
    }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) {
        guard let packed, parts > 1 else { return run(context) }
        var shape = geometry.shape, end = end(context)
        for unit in split.units(of: part) {
            kernels.channelsLast.convolution_part_f32(
                context.output(0, as: Float.self), context.input(0, as: Float.self), PackedWeights.floats(packed), &shape, &end,
                context.scratch.assumingMemoryBound(to: Float.self), unit)
        }
    }

    @inline(__always)
    private func end(_ context: KernelContext) -> apus_epilogue {
        epilogue.with(
            columnBias: biasInput.map { context.input($0, as: Float.self) },
            residual: residualInput.map { context.input($0, as: Float.self) })
    }
}

/// The same for a depthwise filter over one or two axes; rows of output are its parts.
struct DepthwiseFilterKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: ConvolutionGeometry
    private let strides: apus_filter_strides
    /// nil when the filter comes at run time and is packed into scratch.
    private let packed: Tensor?
    private let split: PartSplit
    private let biasInput: Int?
    private let residualInput: Int?
    private let epilogue: FusedEpilogue

    static func compile(
        _ context: CompileContext, _ geometry: ConvolutionGeometry, _ order: FilterOrder, bias: Int?, residual: Int?,
        activation: FusedActivation?
    ) throws(OperatorError) -> CompiledOperator {
        let kernels = context.functions
        var shape = geometry.shape
        let strides = order.strides(geometry)
        let packedCount = kernels.channelsLast.packed_depthwise_count(&shape)
        let form = "depthwise-filter/\(order)/\(kernels.levelName)/\(geometry.weightsForm)"
        let packed = try context.prepared(1, form: form) { (filter) throws(OperatorError) in
            try PackedWeights.tensor(context, count: packedCount, filter) { packed, filter in
                var shape = geometry.shape, strides = strides
                kernels.channelsLast.pack_depthwise_f32(packed, filter, &shape, &strides)
            }
        }
        let rows = ByteCount.product(geometry.batch, geometry.output.1)
        let products = Double(geometry.weightCount) * Double(geometry.batch) * Double(geometry.outputCount)
        let kernel = DepthwiseFilterKernel(
            kernels: kernels, geometry: geometry, strides: strides, packed: packed,
            split: packed == nil ? .whole : PartSplit(units: rows, operations: products), biasInput: bias,
            residualInput: residual, epilogue: FusedEpilogue(activation))
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.of(Float.self, packed == nil ? packedCount : 0),
            preparedInputs: packed == nil ? [] : [1])
    }

    func run(_ context: KernelContext) {
        let scratch = context.scratch.assumingMemoryBound(to: Float.self)
        if packed == nil {
            var shape = geometry.shape, strides = strides
            kernels.channelsLast.pack_depthwise_f32(scratch, context.input(1, as: Float.self), &shape, &strides)
        }
        run(rows: 0..<geometry.batch * geometry.output.1, packed.map(PackedWeights.floats) ?? UnsafePointer(scratch), context)
    }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) {
        guard let packed, parts > 1 else { return run(context) }
        run(rows: split.units(of: part), PackedWeights.floats(packed), context)
    }

    private func run(rows: Range<Int>, _ filter: UnsafePointer<Float>, _ context: KernelContext) {
        var shape = geometry.shape
        var end = epilogue.with(
            columnBias: biasInput.map { context.input($0, as: Float.self) },
            residual: residualInput.map { context.input($0, as: Float.self) })
        kernels.channelsLast.depthwise_rows_f32(
            context.output(0, as: Float.self), context.input(0, as: Float.self), filter, &shape, &end, rows.lowerBound,
            rows.upperBound)
    }
}

/// A type that plain convolutions sum; integers wrap.
protocol ConvolutionScalar: TensorScalar, Numeric {
    static func add(_ sum: inout Self, _ left: Self, _ right: Self)
    static func added(_ left: Self, _ right: Self) -> Self
}

extension ConvolutionScalar where Self: BinaryFloatingPoint {
    @inline(__always) static func add(_ sum: inout Self, _ left: Self, _ right: Self) { sum += left * right }
    @inline(__always) static func added(_ left: Self, _ right: Self) -> Self { left + right }
}

extension Float: ConvolutionScalar {}
extension Double: ConvolutionScalar {}
extension Int32: ConvolutionScalar {
    @inline(__always) static func add(_ sum: inout Int32, _ left: Int32, _ right: Int32) { sum &+= left &* right }
    @inline(__always) static func added(_ left: Int32, _ right: Int32) -> Int32 { left &+ right }
}

/// Convolution of channels-last data by plain sums, depthwise ones (one input channel a group) as well.
struct PlainFilterConvolution<Scalar: ConvolutionScalar>: Kernel {
    let geometry: ConvolutionGeometry
    let biasInput: Int?
    let residualInput: Int?

    func run(_ context: KernelContext) {
        let g = geometry, outputs = g.groups * g.channelsOut
        let x = context.input(0, as: Scalar.self), filter = context.input(1, as: Scalar.self)
        let bias = biasInput.map { context.input($0, as: Scalar.self) }
        let residual = residualInput.map { context.input($0, as: Scalar.self) }
        let y = context.output(0, as: Scalar.self)
        for pixel in 0..<g.batch * g.outputCount {
            let to = y + pixel * outputs
            for channel in 0..<outputs {
                to[channel] = Scalar.added(bias?[channel] ?? 0, residual?[pixel * outputs + channel] ?? 0)
            }
            g.forEachTap(ofPixel: pixel) { input, tap in
                add(x + input * g.groups * g.channelsIn, filter + tap * g.channelsIn * outputs, to)
            }
        }
    }

    /// Adds one input pixel times one tap of the filter. A depthwise filter's channels lie as those of the result do.
    @inline(__always)
    private func add(_ x: UnsafePointer<Scalar>, _ filter: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>) {
        let g = geometry, outputs = g.groups * g.channelsOut
        for channel in 0..<outputs {
            let from = x + channel / g.channelsOut * g.channelsIn
            for c in 0..<g.channelsIn { Scalar.add(&y[channel], from[c], filter[c * outputs + channel]) }
        }
    }
}

extension ConvolutionGeometry {
    /// Calls `body` with every input pixel (counted through the batch) under the window of an output pixel, and the tap it meets.
    @inline(__always)
    func forEachTap(ofPixel pixel: Int, _ body: (_ input: Int, _ tap: Int) -> Void) {
        let image = pixel / outputCount, place = pixel % outputCount
        let depth = place / output.2 / output.1, row = place / output.2 % output.1, column = place % output.2
        for i in 0..<kernel.0 {
            let d = depth * stride.0 + i * dilation.0 - pad.0
            guard d >= 0, d < input.0 else { continue }
            for j in 0..<kernel.1 {
                let h = row * stride.1 + j * dilation.1 - pad.1
                guard h >= 0, h < input.1 else { continue }
                for k in 0..<kernel.2 {
                    let w = column * stride.2 + k * dilation.2 - pad.2
                    guard w >= 0, w < input.2 else { continue }
                    body(image * inputCount + (d * input.1 + h) * input.2 + w, (i * kernel.1 + j) * kernel.2 + k)
                }
            }
        }
    }
}
