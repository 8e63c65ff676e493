import GraphIR
import Tensors

/// How integers stand for real numbers.
enum QuantizationMode: String, Sendable, CaseIterable {
    /// The range is laid over all integers of the type.
    case minCombined = "MIN_COMBINED"
    /// As `minCombined`, moved so that 0 is one of the integers' numbers.
    case minFirst = "MIN_FIRST"
    /// 0 is 0.
    case scaled = "SCALED"
}

/// Integers for real numbers, and the range that they then stand for.
///
/// - Shapes: data [D…], lowest and highest number (scalars, or one each for each slice along `axis`) → the data's shape, and twice the
///   shape of the bounds.
/// - Types: float32 → int8, uint8, int16, uint16, int32.
/// - Source: TensorFlow QuantizeV2.
struct Quantize: Operator {
    let target: ElementType
    let mode: QuantizationMode
    let roundsToEven: Bool
    let isNarrow: Bool
    /// nil: one range for everything.
    let axis: Int?
    let leastRange: Float

    var name: String { "QuantizeV2" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        guard QuantizedType.all.contains(target) else { throw .unsupported("quantization to \(target)") }
        if axis != nil, mode == .minFirst { throw .unsupported("MIN_FIRST quantization along an axis") }
        let data = try inputs.required(0, of: [.float32])
        try SliceRanges.check(inputs, axis: axis)
        let bounds = try inputs.required(1).shape
        return [ValueFact(target, data.shape), ValueFact(.float32, bounds), ValueFact(.float32, bounds)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        axis != nil && inputs.axis(0) == axis ? .mixed(RowReason.positional) : inputs.elementwiseWithRange()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let slices = SliceRanges(try context.input(0).shape, axis: axis)
        let type = QuantizedType(element: target), this = self
        let kernel = LoopKernel { (context) throws(OperatorError) in
            let x = context.input(0, as: Float.self), y = QuantizedElements(context.output(0), type.element)
            for slice in 0..<slices.count {
                let low = context.input(1, as: Float.self)[slice], high = context.input(2, as: Float.self)[slice]
                guard !(high < low) else { throw .invalidValue("the range from \(low) to \(high) is empty") }
                let map = QuantizeMap(this, low: low, high: high, type)
                slices.forEachElement(of: slice) { place in y[place] = map.integer(for: x[place]) }
                context.output(1, as: Float.self)[slice] = map.low
                context.output(2, as: Float.self)[slice] = map.high
            }
        }
        return CompiledOperator(kernel)
    }
}

/// The slices of data along an axis, each with a range of its own; without an axis all is one slice.
struct SliceRanges: Sendable {
    private let lines: AxisLines
    private let isWhole: Bool
    private let elementCount: Int

    var count: Int { isWhole ? 1 : lines.extent }

    init(_ shape: Shape, axis: Int?) {
        isWhole = axis == nil
        elementCount = shape.elementCount
        lines = AxisLines(shape, axis: axis ?? 0)
    }

    /// Refuses bounds (inputs 1 and 2) that are not one for each slice.
    static func check(_ inputs: OperatorInputs, axis: Int?, of types: Set<ElementType> = [.float32]) throws(OperatorError) {
        let data = try inputs.required(0)
        if let axis, let rank = data.rank, axis >= rank {
            throw .invalidAttribute(name: "axis", reason: "is \(axis), input 0 has rank \(rank)")
        }
        for index in 1...2 {
            let bound = try inputs.required(index, of: types)
            guard let shape = bound.shape?.concrete else { continue }
            var expected: Int? = 1
            if let axis { expected = data.shape?[axis].value }
            if let expected, shape.elementCount != expected {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected \(expected) numbers")
            }
        }
    }

    @inline(__always)
    func forEachElement(of slice: Int, _ body: (Int) -> Void) {
        if isWhole {
            for place in 0..<elementCount { body(place) }
            return
        }
        for outer in 0..<lines.outerCount {
            let start = (outer * lines.extent + slice) * lines.innerCount
            for place in start..<start + lines.innerCount { body(place) }
        }
    }
}

/// The map of one slice's numbers.
private struct QuantizeMap {
    let low: Float
    let high: Float
    private let quantize: Quantize
    private let type: QuantizedType
    private let scale: Float
    private let writer: QuantizedRange.Writer

    init(_ quantize: Quantize, low given: Float, high: Float, _ type: QuantizedType) {
        self.quantize = quantize
        self.type = type
        // A range holds 0 and is long enough not to make all integers stand for one number.
        let low = min(0, given)
        let least = max(1, max(given.magnitude, high.magnitude)) * quantize.leastRange
        let raised = max(0, max(high, low + least))
        writer = QuantizedRange(low, raised, type).writer
        switch quantize.mode {
        case .minCombined:
            scale = Float((Double(type.highest) - Double(type.lowest)) / Double(raised - low))
            (self.low, self.high) = (low, raised)
        case .minFirst:
            scale = 1
            (self.low, self.high) = (low, raised)
        case .scaled:
            let lowest = Float(type.lowest + (quantize.isNarrow ? 1 : 0)), highest = Float(type.highest)
            let fromLow = lowest * low > 0 ? lowest / low : Float.greatestFiniteMagnitude
            let fromHigh = highest * raised > 0 ? highest / raised : Float.greatestFiniteMagnitude
            scale = min(fromLow, fromHigh)
            self.low = lowest / scale
            self.high = highest / scale
        }
    }

    @inline(__always)
    func integer(for real: Float) -> Int64 {
        let limited = max(min(real, high), low)
        switch quantize.mode {
        case .minCombined:
            let place = (limited - low) * scale
            guard type.isSigned else { return type.clamped(Int64(saturating: Double(place + 0.5))) }
            let half = Float(type.stepCount) / 2
            return cast((place - half).rounded(.toNearestOrAwayFromZero))
        case .minFirst: return writer.integer(for: real)
        case .scaled:
            let place = limited * scale
            let rounded = place.rounded(quantize.roundsToEven ? .toNearestOrEven : .toNearestOrAwayFromZero)
            return cast(rounded)
        }
    }

    /// The highest number of 32 bits is none of float32, and what is rounded beyond it becomes the lowest.
    @inline(__always)
    private func cast(_ value: Float) -> Int64 {
        type.element == .int32 ? Int64(Int32(cutting: Double(value))) : type.clamped(Int64(saturating: Double(value)))
    }
}
