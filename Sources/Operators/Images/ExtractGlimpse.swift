import GraphIR
import Tensors

/// A window of each image at a place of its own, zeros where it reaches outside.
///
/// - Shapes: images [N, H, W, C], size (2), offsets [N, 2] (y, x) → [N, H′, W′, C].
/// - Source: TensorFlow operators ExtractGlimpse and ExtractGlimpseV2; filling with noise is refused.
struct ExtractGlimpse: Operator {
    let name: String
    let isCentered: Bool
    let isNormalized: Bool
    /// Whether offsets are those of the window's middle even where they are not centred.
    let isFirst: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        name = reader.node.operatorName
        isFirst = name == "ExtractGlimpse"
        isCentered = try reader.flag("centered", default: true)
        isNormalized = try reader.flag("normalized", default: true)
        guard try reader.string("noise", default: "uniform") == "zero" else {
            throw .unsupported("\(name) that fills with noise (noise other than \"zero\")")
        }
    }

    var shapeOperands: Set<Int> { [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let images = try inputs.required(0, of: [.float32])
        let shape = try ImageInputs.shape(images)
        _ = try inputs.required(2, of: [.float32])
        try ImageInputs.check(inputs, 2, [shape[0].value, 2])
        return [ValueFact(.float32, try ImageInputs.resized(shape, ImageInputs.size(inputs, 1)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0, 2), inputs.axis(0) == 0, inputs.axis(2) == 0 else { return .mixed(RowReason.parameter) }
        return .rows(axis: 0, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let g = ImageGeometry(input: try context.input(0).shape, output: context.outputs[0].shape), op = self
        return CompiledOperator(
            LoopKernel { context in
                let images = context.input(0, as: Float.self), offsets = context.input(2, as: Float.self)
                var y = context.output(0, as: Float.self)
                for image in 0..<g.batch {
                    let top = op.start(offsets[2 * image], g.input.height, g.output.height)
                    let left = op.start(offsets[2 * image + 1], g.input.width, g.output.width)
                    for row in 0..<g.output.height {
                        for column in 0..<g.output.width {
                            let h = top + row, w = left + column
                            let isInside = h >= 0 && h < g.input.height && w >= 0 && w < g.input.width
                            let at = isInside ? ((image * g.input.height + h) * g.input.width + w) * g.channels : 0
                            for c in 0..<g.channels { y[c] = isInside ? images[at + c] : 0 }
                            y += g.channels
                        }
                    }
                }
            })
    }

    /// Where the window begins along one axis; far outside for what is no number.
    private func start(_ offset: Float, _ extent: Int, _ window: Int) -> Int {
        var at = offset
        if isNormalized { at *= Float(extent) }
        if isFirst {
            if isCentered { at = at / 2 + Float(extent) / 2 }
            at -= Float(window) / 2
        } else if isCentered {
            at = isNormalized ? at / 2 + Float(extent) / 2 - Float(window) / 2 : at + Float(extent) / 2
        }
        guard at.isFinite else { return -(1 << 40) }
        return Int(min(max(at, -1e12), 1e12))
    }
}
