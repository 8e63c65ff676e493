import CKernels
import GraphIR
import Tensors

/// The mean of 8-bit integers with a scale and a zero point, under windows or over whole planes.
///
/// - Shapes: x [N, C, spatial…] (with `channels_last` [N, spatial…, C]), its scale and zero point, those of the result (one
///   number each) → the same layout with other spatial extents, 1 each without a window.
/// - Types: int8 or uint8, all the same. An absent zero point is 0.
/// - Source: com.microsoft's QLinearAveragePool and QLinearGlobalAveragePool.
struct LinearAveragePool: Operator {
    /// nil for whole planes.
    var attributes: PoolingAttributes?
    let countsPadding: Bool
    var layout: TensorLayout {
        didSet { attributes?.layout = layout }
    }

    var name: String { attributes == nil ? "QLinearGlobalAveragePool" : "QLinearAveragePool" }

    init(_ reader: AttributeReader, isGlobal: Bool) throws(OperatorError) {
        layout = try reader.flag("channels_last", default: false) ? .channelsLast : .channelsFirst
        guard !isGlobal else {
            attributes = nil
            countsPadding = false
            return
        }
        var pooling = try PoolingAttributes(reader)
        pooling.layout = layout
        attributes = pooling
        countsPadding = try reader.flag("count_include_pad", default: false)
    }

    /// With the meaning of an AveragePool, or without attributes of a GlobalAveragePool, over channels-first data.
    init(_ attributes: PoolingAttributes?, countsPadding: Bool) {
        self.attributes = attributes
        self.countsPadding = countsPadding
        layout = .channelsFirst
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...5)
        let x = try inputs.required(0, of: LinearTypes.eightBits)
        for scale in [1, 3] { try inputs.checkOneQuantization(scale: scale, zero: scale + 1, type: x.elementType) }
        if let attributes { return [ValueFact(x.elementType, try attributes.shape(x.shape))] }
        guard let shape = x.shape else { return [ValueFact(x.elementType, nil as SymbolicShape?)] }
        try PoolingAttributes.checkRank(shape, maximum: Shape.maximumRank)
        let ones = [Dimension](repeating: .known(1), count: shape.rank - 2)
        return [ValueFact(x.elementType, layout.shape(batch: shape[0], channels: layout.channels(shape), spatial: ones))]
    }

    /// Images and channels are pooled one by one.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let rank = inputs.extents(0)?.count, rank >= 2 else { return .mixed(RowReason.unknown) }
        return inputs.positionwise(along: [0, layout.channelAxis(rank: rank)])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0), isSigned = x.elementType == .int8
        if attributes == nil, layout == .channelsLast, x.shape.rank > 2 { return GlobalMeanKernel.compile(context, x, isSigned) }
        let zeros = (context.present(2), context.present(4)), means = try means(x.shape, output: context.outputs[0].shape)
        return CompiledOperator(
            LoopKernel { context in
                let x = SmallIntegers(context.input(0), isSigned: isSigned), y = context.output(0, as: UInt8.self)
                let zero = context.smallInteger(zeros.0, isSigned: isSigned)
                let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(zeros.1, isSigned: isSigned))
                let factor = context.number(1) / context.number(3)
                means.forEach(x, zero) { place, sum, count in
                    let mean = count == 0 ? 0 : Float(sum) * factor / Float(count)
                    y[place] = UInt8(truncatingIfNeeded: rounding.integer(mean))
                }
            })
    }

    private func means(_ x: Shape, output: Shape) throws(OperatorError) -> WindowMeans {
        let channels = layout.channels(x)
        let step = layout == .channelsLast ? channels : 1
        guard let attributes else {
            return WindowMeans(
                batch: x[0], channels: channels, step: step, geometry: nil, planeCount: layout.spatialCount(x),
                countsPadding: false)
        }
        let geometry = try PoolingGeometry(window: attributes.window(axes: x.rank - 2), x: x, layout: layout, output: output)
        return WindowMeans(
            batch: x[0], channels: channels, step: step, geometry: geometry, planeCount: geometry.inputCount,
            countsPadding: countsPadding)
    }
}

/// The means over whole planes of channels-last data.
private struct GlobalMeanKernel: Kernel {
    let kernels: KernelFunctions
    let batch: Int
    let places: Int
    let channels: Int
    let zeros: (Int?, Int?)
    let isSigned: Bool

    /// Places whose sum fits into 32 bits.
    private static let maximumPlaces = 1 << 23

    static func compile(_ context: CompileContext, _ x: TensorSpec, _ isSigned: Bool) -> CompiledOperator {
        let channels = x.shape[x.shape.rank - 1]
        let kernel = GlobalMeanKernel(
            kernels: context.functions, batch: x.shape[0], places: x.shape.elementCount(in: 1..<x.shape.rank - 1), channels: channels,
            zeros: (context.present(2), context.present(4)), isSigned: isSigned)
        return CompiledOperator(
            kernel, scratchByteCount: ByteCount.sum(ByteCount.of(Int32.self, channels), ByteCount.of(Int64.self, channels, 1)))
    }

    func run(_ context: KernelContext) {
        let y = context.output(0, as: UInt8.self), zero = Int64(context.smallInteger(zeros.0, isSigned: isSigned))
        let rounding = LinearRounding(isSigned: isSigned, zero: context.smallInteger(zeros.1, isSigned: isSigned))
        let factor = context.number(1) / context.number(3)
        let totals = context.scratch.assumingMemoryBound(to: Int64.self)
        let sums = UnsafeMutableRawPointer(totals + channels).assumingMemoryBound(to: Int32.self)
        for image in 0..<batch {
            totals.update(repeating: 0, count: channels)
            var place = 0
            while place < places {
                let some = min(places - place, Self.maximumPlaces)
                let x = context.input(0, as: UInt8.self) + (image * places + place) * channels
                kernels.quantized.sum_rows(sums, x, some, channels, isSigned)
                for channel in 0..<channels { totals[channel] += Int64(sums[channel]) }
                place += some
            }
            for channel in 0..<channels {
                let sum = totals[channel] - zero * Int64(places), mean = places == 0 ? 0 : Float(sum) * factor / Float(places)
                y[image * channels + channel] = UInt8(truncatingIfNeeded: rounding.integer(mean))
            }
        }
    }
}

/// The sums under windows, or over planes.
private struct WindowMeans: Sendable {
    let batch: Int
    let channels: Int
    /// Elements from one place of a plane to the next.
    let step: Int
    /// nil for whole planes.
    let geometry: PoolingGeometry?
    let planeCount: Int
    let countsPadding: Bool

    /// Calls `body` with each place of the result, the sum of the distances from the zero point, and by how many to divide it.
    @inline(__always)
    func forEach(_ x: SmallIntegers, _ zero: Int32, _ body: (Int, Int64, Int) -> Void) {
        let resultCount = geometry?.outputCount ?? 1
        for image in 0..<batch {
            for channel in 0..<channels {
                let first = step == 1 ? channel * planeCount : channel, result = step == 1 ? channel * resultCount : channel
                let from = image * channels * planeCount + first, to = image * channels * resultCount + result
                guard let geometry else {
                    var sum: Int64 = 0
                    for place in 0..<planeCount { sum &+= Int64(x[from + place * step] &- zero) }
                    body(to, sum, planeCount)
                    continue
                }
                forEachWindow(geometry) { place, depth, row, column in
                    var sum: Int64 = 0, inside = 0
                    geometry.forEachElement(depth: depth, row: row, column: column) { offset, _ in
                        sum &+= Int64(x[from + offset * step] &- zero)
                        inside += 1
                    }
                    let count = countsPadding ? geometry.countWithPadding(depth: depth, row: row, column: column) : inside
                    body(to + place * step, sum, count)
                }
            }
        }
    }

    @inline(__always)
    private func forEachWindow(_ geometry: PoolingGeometry, _ body: (Int, Int, Int, Int) -> Void) {
        var place = 0
        for depth in 0..<geometry.output.0 {
            for row in 0..<geometry.output.1 {
                for column in 0..<geometry.output.2 {
                    body(place, depth, row, column)
                    place += 1
                }
            }
        }
    }
}
