import GraphIR
import Tensors

/// Between red, green, blue and hue, saturation, value, all 0 to 1 (hue counts whole turns).
///
/// - Shapes: [..., 3] → [..., 3].
/// - Source: TensorFlow operators RGBToHSV and HSVToRGB.
struct ColorConversion: Operator {
    enum Direction: String, Sendable { case toHSV = "RGBToHSV", toRGB = "HSVToRGB" }

    let direction: Direction
    var name: String { direction.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let images = try inputs.required(0, of: ElementTypes.floatingPoint)
        try Colors.check(images)
        return [ValueFact(images.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.linewise(along: [(inputs.extents(0)?.count ?? 1) - 1]) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let images = try context.input(0)
            return images.elementType == .float64
                ? compiled(images.shape.elementCount / 3, Double.self) : compiled(images.shape.elementCount / 3, Float.self)
        }
    }

    private func compiled<Scalar: BinaryFloatingPoint & BitwiseCopyable & Sendable>(_ count: Int, _: Scalar.Type) -> CompiledOperator {
        let direction = direction
        return CompiledOperator(
            LoopKernel { context in
                var x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
                for _ in 0..<count {
                    (y[0], y[1], y[2]) = direction == .toHSV ? Colors.hsv(x[0], x[1], x[2]) : Colors.rgb(x[0], x[1], x[2])
                    x += 3
                    y += 3
                }
            }, inPlace: [InPlace(output: 0, input: 0)])
    }
}

enum Colors {
    /// Refuses what is not pixels of three channels.
    static func check(_ images: ValueFact) throws(OperatorError) {
        guard let shape = images.shape else { return }
        guard let channels = shape.dimensions.last, channels.value.map({ $0 == 3 }) ?? true else {
            throw .invalidInput(index: 0, reason: "is \(shape), expected pixels of 3 channels along the last axis")
        }
    }

    @inline(__always)
    static func hsv<Scalar: BinaryFloatingPoint>(_ r: Scalar, _ g: Scalar, _ b: Scalar) -> (Scalar, Scalar, Scalar) {
        let value = max(r, max(g, b)), range = value - min(r, min(g, b))
        let saturation = value > 0 ? range / value : 0
        guard range > 0 else { return (0, saturation, value) }
        let norm = 1 / (6 * range)
        var hue = r == value ? norm * (g - b) : g == value ? norm * (b - r) + 2 / 6 : norm * (r - g) + 4 / 6
        if hue < 0 { hue += 1 }
        return (hue, saturation, value)
    }

    @inline(__always)
    static func rgb<Scalar: BinaryFloatingPoint>(_ h: Scalar, _ s: Scalar, _ v: Scalar) -> (Scalar, Scalar, Scalar) {
        let (r, g, b) = pure(h)
        return (((1 - s) + s * r) * v, ((1 - s) + s * g) * v, ((1 - s) + s * b) * v)
    }

    /// The colour of a hue that reaches from 0 to 1.
    @inline(__always)
    static func pure<Scalar: BinaryFloatingPoint>(_ hue: Scalar) -> (Scalar, Scalar, Scalar) {
        let turn = hue * 6
        func limited(_ x: Scalar) -> Scalar { min(max(x, 0), 1) }
        return (limited(abs(turn - 3) - 1), limited(2 - abs(turn - 2)), limited(2 - abs(turn - 4)))
    }

    /// The colour turned by so much of a whole turn, between the same least and largest channel.
    @inline(__always)
    static func turned(_ r: Float, _ g: Float, _ b: Float, by amount: Float) -> (Float, Float, Float) {
        let low = min(r, min(g, b)), range = max(r, max(g, b)) - low
        var hue = hsv(r, g, b).0 + amount
        hue -= hue.rounded(.down)
        let color = pure(hue)
        return (low + range * color.0, low + range * color.1, low + range * color.2)
    }
}
