import GraphIR
import Tensors

/// The elements under each window, laid side by side along the channels; zeros where the window reaches outside.
///
/// - Shapes: `x` [N, spatial…, C] → [N, spatial′…, window · C].
/// - Source: TensorFlow operators ExtractImagePatches and ExtractVolumePatches.
struct ExtractPatches: Operator {
    let name: String
    let rank: Int
    let window: WindowAttributes

    init(_ reader: AttributeReader, rank: Int) throws(OperatorError) {
        name = reader.node.operatorName
        self.rank = rank
        var window = WindowAttributes()
        window.kernel = try FilterWindow.spatial(reader, "ksizes", rank, 1..<rank - 1, isRequired: true)
        window.strides = try FilterWindow.spatial(reader, "strides", rank, 1..<rank - 1, isRequired: true)
        window.dilations = try FilterWindow.spatial(reader, "rates", rank, 1..<rank - 1, isRequired: false)
        switch try reader.string("padding") {
        case "SAME": window.autoPadding = .sameUpper
        case "VALID": window.autoPadding = .valid
        case let other: throw .invalidAttribute(name: "padding", reason: "is \(other ?? "missing"), expected SAME or VALID")
        }
        self.window = window
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let x = try inputs.dense(0)
        guard let shape = x.shape else { return [ValueFact(x.elementType, SymbolicShape(unknownRank: rank))] }
        guard shape.rank == rank else { throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected \(rank)") }
        let spatial = try window.window(axes: rank - 2).outputs(TensorLayout.channelsLast.spatial(shape))
        let channels = Dimension.product((window.kernel ?? []).map(Dimension.known) + [shape[rank - 1]])
        let result = TensorLayout.channelsLast.shape(batch: shape[0], channels: channels, spatial: spatial)
        return [ValueFact(x.elementType, try result.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0), channels = x.shape[rank - 1]
        let g = try ConvolutionGeometry(
            window: window.window(axes: rank - 2), x: x.shape, layout: .channelsLast, groups: 1, channelsIn: channels,
            channelsOut: channels, output: context.outputs[0].shape)
        let unit = channels * x.elementType.byteCount
        return CompiledOperator(
            LoopKernel { context in
                let from = context.input(0), to = context.output(0), patch = unit * g.tapCount
                to.initializeMemory(as: UInt8.self, repeating: 0, count: g.batch * g.outputCount * patch)
                for pixel in 0..<g.batch * g.outputCount {
                    g.forEachTap(ofPixel: pixel) { input, tap in
                        (to + pixel * patch + tap * unit).copyMemory(from: from + input * unit, byteCount: unit)
                    }
                }
            })
    }
}
