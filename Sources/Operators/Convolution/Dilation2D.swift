import GraphIR
import Tensors

/// Grey-scale dilation: the largest sum of an element under the window and the filter's element there.
///
/// - Shapes: `x` [N, H, W, C], `filter` [h, w, C] → [N, H′, W′, C].
/// - Numerics: what lies outside the data never wins; integers wrap.
/// - Source: TensorFlow operator Dilation2D.
struct Dilation2D: Operator {
    let window: WindowAttributes

    init(_ reader: AttributeReader) throws(OperatorError) {
        var window = WindowAttributes()
        window.strides = try FilterWindow.spatial(reader, "strides", 4, 1..<3, isRequired: true)
        window.dilations = try FilterWindow.spatial(reader, "rates", 4, 1..<3, isRequired: true)
        switch try reader.string("padding") {
        case "SAME": window.autoPadding = .sameUpper
        case "VALID": window.autoPadding = .valid
        case let other: throw .invalidAttribute(name: "padding", reason: "is \(other ?? "missing"), expected SAME or VALID")
        }
        self.window = window
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let x = try inputs.required(0, of: ElementTypes.numbers), filter = try inputs.required(1, of: [x.elementType])
        for (index, fact, rank) in [(0, x, 4), (1, filter, 3)] {
            if let shape = fact.shape, shape.rank != rank {
                throw .invalidInput(index: index, reason: "is \(shape) with \(shape.rank) axes, expected \(rank)")
            }
        }
        if let channels = x.shape?[3].value, let depth = filter.shape?[2].value, channels != depth {
            throw .invalidInput(index: 1, reason: "is for \(depth) channels, input 0 has \(channels)")
        }
        let unknown: [Dimension] = [.unknown, .unknown]
        let kernel = filter.shape.map { Array($0.dimensions.prefix(2)) } ?? unknown
        let spatial = try window.window(axes: 2, weights: kernel).outputs(x.shape.map { Array($0.dimensions[1..<3]) } ?? unknown)
        let channels = Dimension.unified(x.shape?[3] ?? .unknown, filter.shape?[2] ?? .unknown) ?? .unknown
        let shape = SymbolicShape([x.shape?[0] ?? .unknown] + spatial + [channels])
        return [ValueFact(x.elementType, try shape.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0), filter = try context.input(1).shape
        let kernel = filter.extents.prefix(2).map(Dimension.known)
        let geometry = try ConvolutionGeometry(
            window: window.window(axes: 2, weights: kernel), x: x.shape, layout: .channelsLast, groups: 1, channelsIn: filter[2],
            channelsOut: filter[2], output: context.outputs[0].shape)
        return CompiledOperator(try x.elementType.dispatch(DilationMaker(geometry: geometry)))
    }
}

private struct DilationMaker: NumericVisitor {
    let geometry: ConvolutionGeometry

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
        let g = geometry
        return LoopKernel { context in
            let x = context.input(0, as: Element.self), filter = context.input(1, as: Element.self)
            let y = context.output(0, as: Element.self), channels = g.channelsIn
            for pixel in 0..<g.batch * g.outputCount {
                let to = y + pixel * channels
                var isFirst = true
                g.forEachTap(ofPixel: pixel) { input, tap in
                    for c in 0..<channels {
                        let sum = x[input * channels + c].plus(filter[tap * channels + c])
                        if isFirst || to[c].isBelow(sum) { to[c] = sum }
                    }
                    isFirst = false
                }
            }
        }
    }
}
