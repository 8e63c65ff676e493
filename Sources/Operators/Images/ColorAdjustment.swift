import GraphIR
import Tensors

/// The colours of each pixel changed by a number that all share: hue turned, or saturation multiplied.
///
/// - Shapes: images [..., 3], delta or scale (scalar) → as the images.
/// - Source: TensorFlow operators AdjustHue and AdjustSaturation.
struct ColorAdjustment: Operator {
    enum Quantity: String, Sendable { case hue = "AdjustHue", saturation = "AdjustSaturation" }

    let quantity: Quantity
    var name: String { quantity.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let images = try inputs.required(0, of: [.float32, .float16, .bfloat16])
        if let rank = images.rank, rank < 3 { throw .invalidInput(index: 0, reason: "has \(rank) axes, expected at least 3") }
        try Colors.check(images)
        _ = try inputs.required(1, of: [.float32])
        try ImageInputs.check(inputs, 1, [])
        return [ValueFact(images.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0), let axis = inputs.axis(0), let rank = inputs.extents(0)?.count, axis != rank - 1 else {
            return .mixed(RowReason.parameter)
        }
        return .rows(axis: axis, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let count = try context.input(0).shape.elementCount / 3, quantity = quantity
            return CompiledOperator(
                LoopKernel { context in
                    var x = context.input(0, as: Float.self), y = context.output(0, as: Float.self)
                    let amount = context.input(1, as: Float.self)[0]
                    for _ in 0..<count {
                        switch quantity {
                        case .hue: (y[0], y[1], y[2]) = Colors.turned(x[0], x[1], x[2], by: amount)
                        case .saturation:
                            let (h, s, v) = Colors.hsv(x[0], x[1], x[2])
                            (y[0], y[1], y[2]) = Colors.rgb(h, min(max(s * amount, 0), 1), v)
                        }
                        x += 3
                        y += 3
                    }
                })
        }
    }
}

/// Every channel of every image spread around its mean: (x − mean) · factor + mean.
///
/// - Shapes: images [..., H, W, C], factor (scalar) → as the images. The first version also takes the least and the largest value of
///   the result, and gives float32.
/// - Source: TensorFlow operators AdjustContrast and AdjustContrastv2.
struct ContrastAdjustment: Operator {
    let limits: Bool
    var name: String { limits ? "AdjustContrast" : "AdjustContrastv2" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(limits ? 4...4 : 2...2)
        let images = try inputs.required(0, of: limits ? ElementTypes.numbers : [.float32, .float16, .bfloat16])
        if let rank = images.rank, rank < 3 { throw .invalidInput(index: 0, reason: "has \(rank) axes, expected at least 3") }
        for index in 1..<inputs.count {
            _ = try inputs.required(index, of: [.float32])
            try ImageInputs.check(inputs, index, [])
        }
        return [ValueFact(limits ? .float32 : images.elementType, images.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.onlyInputsCarryRows(0), let axis = inputs.axis(0), let rank = inputs.extents(0)?.count, axis < rank - 3 else {
            return .mixed(RowReason.joined)
        }
        return .rows(axis: axis, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        guard !limits else { return try make(context) }
        return try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in try make(context) }
    }

    private func make(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let images = try context.input(0), rank = images.shape.rank
        let channels = images.shape[rank - 1], pixels = images.shape[rank - 2] * images.shape[rank - 3]
        let kernel = try images.elementType.dispatch(
            Maker(images: images.shape.elementCount / (channels * pixels), pixels: pixels, channels: channels, limits: limits))
        return CompiledOperator(kernel)
    }

    private struct Maker: NumericVisitor {
        let images: Int
        let pixels: Int
        let channels: Int
        let limits: Bool

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) -> LoopKernel {
            let maker = self
            return LoopKernel { context in
                let factor = context.input(1, as: Float.self)[0]
                let low = maker.limits ? context.input(2, as: Float.self)[0] : -.infinity
                let high = maker.limits ? context.input(3, as: Float.self)[0] : .infinity
                for image in 0..<maker.images {
                    let start = image * maker.pixels * maker.channels
                    let x = context.input(0, as: Element.self) + start, y = context.output(0, as: Float.self) + start
                    for c in 0..<maker.channels {
                        var sum = 0.0
                        for pixel in 0..<maker.pixels { sum += x[pixel * maker.channels + c].asDouble }
                        let mean = Float(sum / Double(maker.pixels))
                        for pixel in 0..<maker.pixels {
                            let at = pixel * maker.channels + c
                            y[at] = min(max((x[at].asFloat - mean) * factor + mean, low), high)
                        }
                    }
                }
            }
        }
    }
}
