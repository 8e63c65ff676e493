import GraphIR
import Tensors

/// The same real numbers as integers of another type and range.
///
/// - Shapes: data [D…], the two ends of its range, and for `given` of the new one → the data's shape and the new range's ends.
/// - Types: int32 → uint8 in fixed-point arithmetic with 16 bits behind the point, other pairs in float32.
/// - Source: TensorFlow Requantize (`given`), QuantizeDownAndShrinkRange, whose new range is that of the numbers there are (with 0).
struct Requantize: Operator {
    let target: ElementType
    let isGiven: Bool

    var name: String { isGiven ? "Requantize" : "QuantizeDownAndShrinkRange" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = isGiven ? 5 : 3
        try inputs.checkCount(count...count)
        guard QuantizedType.all.contains(target) else { throw .unsupported("quantization to \(target)") }
        let data = try inputs.required(0, of: QuantizedType.all)
        try inputs.checkRanges(1..<count)
        return inputs.quantized(target, data.shape)
    }

    func rows(_ inputs: RowInputs) -> RowFlow { isGiven ? inputs.elementwiseWithRange() : .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), count = data.shape.elementCount, isGiven = isGiven
        let source = QuantizedType(element: data.elementType), target = QuantizedType(element: target)
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let x = QuantizedElements(reading: context.input(0), source.element)
            let range = context.range(1, 2, source)
            let new = isGiven ? context.range(3, 4, target) : UsedRange.of(x, count, range, as: target)
            if isGiven {
                guard new.low <= 0, new.high >= new.low else {
                    throw .invalidValue("the range from \(new.low) to \(new.high) does not begin at 0 or below, or is empty")
                }
            }
            Requantization(from: range, to: new).run(x, QuantizedElements(context.output(0), target.element), count)
            context.writeRange(new.low, new.high)
        }
        return CompiledOperator(kernel)
    }
}

/// The range of the numbers that integers stand for.
///
/// - Source: TensorFlow RequantizationRange.
struct RequantizationRange: Operator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        _ = try inputs.required(0, of: QuantizedType.all)
        try inputs.checkRanges(1..<3)
        return [ValueFact(.float32, Shape.scalar), ValueFact(.float32, Shape.scalar)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.joined) }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), type = QuantizedType(element: data.elementType)
        return CompiledOperator(
            LoopKernel { context in
                let x = QuantizedElements(reading: context.input(0), type.element)
                let used = UsedRange.of(x, data.shape.elementCount, context.range(1, 2, type), as: type)
                context.writeRange(used.low, used.high, outputs: (0, 1))
            })
    }
}

private enum UsedRange {
    /// From the least number there is, or 0, to the greatest.
    static func of(_ x: QuantizedElements, _ count: Int, _ range: QuantizedRange, as type: QuantizedType) -> QuantizedRange {
        var least = range.type.highest, greatest = range.type.lowest
        for place in 0..<count {
            least = min(least, x[place])
            greatest = max(greatest, x[place])
        }
        return QuantizedRange(min(0, range.real(least)), range.real(greatest), type)
    }
}

/// The map from the integers of one range to those of another.
struct Requantization {
    private let from: QuantizedRange
    private let to: QuantizedRange

    init(from: QuantizedRange, to: QuantizedRange) {
        self.from = from
        self.to = to
    }

    func run(_ x: QuantizedElements, _ y: QuantizedElements, _ count: Int) {
        if from.type.element == .int32, to.type.element == .uint8 {
            let point = FixedPoint(from: from, to: to)
            for place in 0..<count { y[place] = point.integer(x[place]) }
        } else {
            let reader = from.reader, writer = to.writer
            for place in 0..<count { y[place] = writer.integer(for: reader.real(x[place])) }
        }
    }

    /// From 32 bits to 8 with 16 bits behind the point.
    private struct FixedPoint {
        private let scale: Int64
        private let offset: Int64

        init(from: QuantizedRange, to: QuantizedRange) {
            let one: Float = 65536, length = to.high - to.low
            let inverse = length == 0 ? 0 : Float(255 / Double(length))
            let middle = Float(Double(from.low + from.high) / 2)
            scale = length == 0 ? 0 : Self.integer(255 * 65536 * Double(from.high - from.low) / Double(length))
            let start = length == 0 ? 0 : Self.integer(65536 * (Double(to.low) * 255) / Double(length))
            offset = Self.integer(Double(middle * inverse * one)) &- start &+ 32768
        }

        private static func integer(_ value: Double) -> Int64 { Int64(saturating: value) }

        @inline(__always)
        func integer(_ value: Int64) -> Int64 { min(max((((value &* scale) >> 32) &+ offset) >> 16, 0), 255) }
    }
}
