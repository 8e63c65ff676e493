import CKernels
package import GraphIR
import Tensors

/// The largest element, or the mean of the elements, under each window of channels-last data, over 2 or 3 axes of space.
///
/// - Shapes: `x` [N, spatial…, C] (, `ksize`, `strides`: one number for each axis of the data) → [N, spatial…, C].
/// - Numerics: what lies outside the data never wins and is not counted.
/// - Source: TensorFlow operators MaxPool, MaxPoolV2, MaxPool3D, AvgPool and AvgPool3D.
package struct ChannelsLastPool: Operator {
    package enum Function: Sendable { case maximum, average }

    package let name: String
    package let function: Function
    let rank: Int
    var window: WindowAttributes
    /// Whether `ksize` and `strides` are inputs 1 and 2.
    var readsWindow = false

    package var shapeOperands: Set<Int> { readsWindow ? [1, 2] : [] }

    private var elementTypes: Set<ElementType> {
        function == .average ? ElementTypes.floatingPoint : ElementTypes.numbers
    }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(readsWindow ? 3...3 : 1...1)
        let x = try inputs.required(0, of: elementTypes)
        if let shape = x.shape, shape.rank != rank {
            throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected \(rank)")
        }
        let lists = readsWindow ? [try inputs.parameters(1), try inputs.parameters(2)] : []
        guard let shape = x.shape, let window = try window(lists) else {
            var shape = x.shape ?? SymbolicShape(unknownRank: rank)
            for axis in 1..<rank - 1 { shape[axis] = .unknown }
            return [ValueFact(x.elementType, shape)]
        }
        let spatial = try window.outputs(TensorLayout.channelsLast.spatial(shape))
        let result = TensorLayout.channelsLast.shape(batch: shape[0], channels: shape[rank - 1], spatial: spatial)
        return [ValueFact(x.elementType, try result.checked("the output"))]
    }

    private func window(_ lists: [[Int]?]) throws(OperatorError) -> Window? {
        guard readsWindow else { return try window.window(axes: rank - 2) }
        guard lists.count == 2, let sizes = lists[0], let strides = lists[1] else { return nil }
        var attributes = window
        attributes.kernel = try FilterWindow.spatial(sizes, "ksize", rank, 1..<rank - 1)
        attributes.strides = try FilterWindow.spatial(strides, "strides", rank, 1..<rank - 1)
        return try attributes.window(axes: rank - 2)
    }

    /// Images and channels are pooled one by one.
    package func rows(_ inputs: RowInputs) -> RowFlow {
        inputs.isFixed(1) && inputs.isFixed(2) ? inputs.positionwise(along: [0, rank - 1]) : .mixed(RowReason.counted)
    }

    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        return try HalfPrecisionBridge.compile(context, compileWide)
    }

    private func compileWide(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let x = try context.input(0)
        let lists = readsWindow ? [try context.parameters(1), try context.parameters(2)] : []
        guard let window = try window(lists) else { throw .invalidInput(index: 1, reason: "must be constant") }
        let geometry = try PoolingGeometry(window: window, x: x.shape, layout: .channelsLast, output: context.outputs[0].shape)
        let channels = x.shape[rank - 1]
        if x.elementType == .float32 {
            return CompiledOperator(ChannelsLastPoolKernel(context, geometry, averages: function == .average))
        }
        if function == .maximum, LinearTypes.eightBits.contains(x.elementType) {
            return CompiledOperator(
                BytePoolKernel(
                    kernels: context.functions, geometry: geometry, batch: x.shape[0], channels: channels,
                    isSigned: x.elementType == .int8))
        }
        if function == .average {
            return CompiledOperator(PlainChannelsLastMean(geometry: geometry, batch: x.shape[0], channels: channels))
        }
        return CompiledOperator(
            try x.elementType.dispatch(MaximumMaker(geometry: geometry, batch: x.shape[0], channels: channels)))
    }
}

/// Single precision; rows of output are its parts.
struct ChannelsLastPoolKernel: Kernel {
    private let kernels: KernelFunctions
    private let geometry: PoolingGeometry
    private let batch: Int
    private let channels: Int
    private let averages: Bool
    private let countsPadding: Bool
    private let split: PartSplit

    init(_ context: CompileContext, _ geometry: PoolingGeometry, averages: Bool, countsPadding: Bool = false) {
        kernels = context.functions
        self.geometry = geometry
        let shape = context.outputs[0].shape
        batch = shape[0]
        channels = shape[shape.rank - 1]
        self.averages = averages
        self.countsPadding = countsPadding
        let window = Double(geometry.kernel.0) * Double(geometry.kernel.1) * Double(geometry.kernel.2)
        split = PartSplit(
            units: batch * geometry.output.0 * geometry.output.1,
            operations: Double(batch) * Double(geometry.outputCount) * Double(channels) * window)
    }

    func run(_ context: KernelContext) { run(rows: 0..<batch * geometry.output.0 * geometry.output.1, context) }

    var parts: Int { split.count }

    func run(part: Int, _ context: KernelContext) { run(rows: split.units(of: part), context) }

    private func run(rows: Range<Int>, _ context: KernelContext) {
        var shape = geometry.shape(countsPadding: countsPadding)
        shape.planes = batch
        let x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
        if averages {
            kernels.channelsLast.average_pool_rows_f32(y, x, &shape, channels, rows.lowerBound, rows.upperBound)
        } else {
            kernels.channelsLast.max_pool_rows_f32(y, x, &shape, channels, rows.lowerBound, rows.upperBound)
        }
    }
}

/// The largest of 8-bit integers.
private struct BytePoolKernel: Kernel {
    let kernels: KernelFunctions
    let geometry: PoolingGeometry
    let batch: Int
    let channels: Int
    let isSigned: Bool

    private var rowCount: Int { batch * geometry.output.0 * geometry.output.1 }

    private var split: PartSplit {
        let operations = Double(batch) * Double(geometry.outputCount) * Double(channels)
        return PartSplit(units: rowCount, operations: operations)
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { run(rows: 0..<rowCount, context) }

    func run(part: Int, _ context: KernelContext) { run(rows: split.units(of: part), context) }

    private func run(rows: Range<Int>, _ context: KernelContext) {
        var shape = geometry.shape()
        shape.planes = batch
        kernels.quantized.max_pool_rows(
            context.output(0, as: UInt8.self), context.input(0, as: UInt8.self), &shape, channels, rows.lowerBound, rows.upperBound,
            isSigned)
    }
}

/// Float64.
private struct PlainChannelsLastMean: Kernel {
    let geometry: PoolingGeometry
    let batch: Int
    let channels: Int

    func run(_ context: KernelContext) {
        let x = context.input(0, as: Double.self), y = context.output(0, as: Double.self), channels = channels
        geometry.forEachWindow(batch: batch) { image, output, depth, row, column in
            let to = y + output * channels
            to.update(repeating: 0, count: channels)
            var count = 0.0
            geometry.forEachElement(depth: depth, row: row, column: column) { offset, _ in
                let from = x + (image * geometry.inputCount + offset) * channels
                for c in 0..<channels { to[c] += from[c] }
                count += 1
            }
            for c in 0..<channels { to[c] /= count }
        }
    }
}

private struct MaximumMaker: NumericVisitor {
    let geometry: PoolingGeometry
    let batch: Int
    let channels: Int

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
        let (geometry, batch, channels) = (geometry, batch, channels)
        return LoopKernel { context in
            let x = context.input(0, as: Element.self), y = context.output(0, as: Element.self)
            geometry.forEachWindow(batch: batch) { image, output, depth, row, column in
                let to = y + output * channels
                var isFirst = true
                geometry.forEachElement(depth: depth, row: row, column: column) { offset, _ in
                    let from = x + (image * geometry.inputCount + offset) * channels
                    for c in 0..<channels where isFirst || (to[c].isBelow(from[c]) && !from[c].isNaNElement) { to[c] = from[c] }
                    isFirst = false
                }
                // A window beside the data.
                guard isFirst else { return }
                UnsafeMutableRawPointer(to).initializeMemory(
                    as: UInt8.self, repeating: 0, count: channels * MemoryLayout<Element>.stride)
            }
        }
    }
}

extension PoolingGeometry {
    /// Calls `body` with image, number and place of every output in order.
    @inline(__always)
    func forEachWindow(batch: Int, _ body: (_ image: Int, _ output: Int, _ depth: Int, _ row: Int, _ column: Int) -> Void) {
        var number = 0
        for image in 0..<batch {
            for depth in 0..<output.0 {
                for row in 0..<output.1 {
                    for column in 0..<output.2 {
                        body(image, number, depth, row, column)
                        number += 1
                    }
                }
            }
        }
    }
}
