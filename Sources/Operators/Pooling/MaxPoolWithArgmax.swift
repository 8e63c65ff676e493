import GraphIR
import Tensors

/// The largest element under each window, and where it is.
///
/// - Shapes: `x` [N, H, W, C] → [N, H′, W′, C], and places of the same shape: (y · W + x) · C + c, on request counted through the batch.
/// - Numerics: the first of equal elements is taken.
/// - Source: TensorFlow operator MaxPoolWithArgmax.
struct MaxPoolWithArgmax: Operator {
    let window: WindowAttributes
    let indexType: ElementType
    let countsBatch: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        let window = try FilterWindow(reader, rank: 4, kernel: "ksize")
        guard window.layout == .channelsLast else { throw .unsupported("MaxPoolWithArgmax over \(window.layout.rawValue) data") }
        self.window = window.attributes
        indexType = try reader.elementType("Targmax", default: .int64, of: [.int32, .int64])
        countsBatch = try reader.flag("include_batch_in_index", default: false)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.required(0, of: ElementTypes.numbers)
        guard let shape = x.shape else { return [ValueFact(x.elementType, nil), ValueFact(indexType, nil as SymbolicShape?)] }
        guard shape.rank == 4 else { throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected 4") }
        let spatial = try window.window(axes: 2).outputs(TensorLayout.channelsLast.spatial(shape))
        let result = try TensorLayout.channelsLast.shape(batch: shape[0], channels: shape[3], spatial: spatial).checked("the output")
        return [ValueFact(x.elementType, result), ValueFact(indexType, result)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        countsBatch ? .mixed("returns indices that count through all rows") : inputs.positionwise(along: [0])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0)
        let geometry = try PoolingGeometry(
            window: window.window(axes: 2), x: x.shape, layout: .channelsLast, output: context.outputs[0].shape)
        return CompiledOperator(
            try x.elementType.dispatch(
                ArgmaxMaker(
                    geometry: geometry, batch: x.shape[0], channels: x.shape[3], isWide: indexType == .int64, countsBatch: countsBatch)))
    }
}

private struct ArgmaxMaker: NumericVisitor {
    let geometry: PoolingGeometry
    let batch: Int
    let channels: Int
    let isWide: Bool
    let countsBatch: Bool

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
        let maker = self
        return LoopKernel { context in
            if maker.isWide {
                maker.run(context, Element.self, Int64.self)
            } else {
                maker.run(context, Element.self, Int32.self)
            }
        }
    }

    private func run<Element: NumericElement, Index: FixedWidthInteger>(_ context: KernelContext, _: Element.Type, _: Index.Type) {
        let x = context.input(0, as: Element.self), y = context.output(0, as: Element.self)
        let places = context.output(1, as: Index.self)
        geometry.forEachWindow(batch: batch) { image, output, depth, row, column in
            let to = y + output * channels, place = places + output * channels
            var isFirst = true
            geometry.forEachElement(depth: depth, row: row, column: column) { offset, _ in
                let from = x + (image * geometry.inputCount + offset) * channels
                let start = ((countsBatch ? image * geometry.inputCount : 0) + offset) * channels
                for c in 0..<channels where isFirst || (to[c].isBelow(from[c]) && !from[c].isNaNElement) {
                    to[c] = from[c]
                    place[c] = Index(truncatingIfNeeded: start + c)
                }
                isFirst = false
            }
        }
    }
}
