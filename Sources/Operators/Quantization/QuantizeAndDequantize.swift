import GraphIR
import Tensors

/// Real numbers as they come back from a quantization in which 0 is 0.
///
/// - Shapes: data [D…], the two ends of the range (scalars, or vectors along `axis`), for V3 a scalar number of bits → the data's
///   shape.
/// - Types: floating point. Where no range is given it is that of the data, and nothing is limited to it.
/// - Source: TensorFlow QuantizeAndDequantize, …V2, …V3, …V4.
struct QuantizeAndDequantize: Operator {
    enum Range: Sendable {
        /// The data's own.
        case data
        case attributes(low: Float, high: Float)
        case inputs
    }

    let name: String
    let range: Range
    let isSigned: Bool
    /// nil: input 3 says.
    let bits: Int?
    let roundsUp: Bool
    let isNarrow: Bool
    let axis: Int?

    private var inputCount: Int {
        if name == "QuantizeAndDequantize" { return 1 }
        return bits == nil ? 4 : 3
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(inputCount...inputCount)
        let data = try inputs.required(0, of: ElementTypes.floatingPoint)
        if let bits { try Self.check(bits, isSigned) }
        if inputCount > 1, case .inputs = range {
            try SliceRanges.check(inputs, axis: axis, of: [data.elementType])
        } else if let axis, let rank = data.rank, axis >= rank {
            throw .invalidAttribute(name: "axis", reason: "is \(axis), input 0 has rank \(rank)")
        }
        if inputCount == 4 { _ = try inputs.required(3, of: [.int32]) }
        return [ValueFact(data.type)]
    }

    private static func check(_ bits: Int, _ isSigned: Bool) throws(OperatorError) {
        guard bits > (isSigned ? 1 : 0), bits < 63 else { throw .invalidValue("quantizes to \(bits) bits, expected 2 to 62") }
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        if case .data = range { return .mixed(RowReason.joined) }
        return axis != nil && inputs.axis(0) == axis ? .mixed(RowReason.positional) : inputs.elementwise()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0)
            if inputCount == 4, try context.input(3).shape.elementCount != 1 {
                throw .invalidInput(index: 3, reason: "is not one number of bits")
            }
            let slices = SliceRanges(data.shape, axis: axis)
            return CompiledOperator(
                data.elementType == .float64 ? kernel(slices, Double.self) : kernel(slices, Float.self), inPlace: context.inPlace(0..<1))
        }
    }

    private func kernel<Scalar: FloatingScalar>(_ slices: SliceRanges, _: Scalar.Type) -> LoopKernel {
        LoopKernel { (context) throws(OperatorError) in
            let bits = bits ?? Int(context.input(3, as: Int32.self).pointee)
            try Self.check(bits, isSigned)
            let x = context.input(0, as: Scalar.self), y = context.output(0, as: Scalar.self)
            for slice in 0..<slices.count {
                var low = Scalar.infinity, high = -Scalar.infinity, limits = true
                switch range {
                case .data:
                    limits = false
                    slices.forEachElement(of: slice) { place in
                        if x[place] < low { low = x[place] }
                        if x[place] > high { high = x[place] }
                    }
                case .attributes(let first, let second): (low, high) = (Scalar(first), Scalar(second))
                case .inputs: (low, high) = (context.input(1, as: Scalar.self)[slice], context.input(2, as: Scalar.self)[slice])
                }
                if limits, low > high { throw .invalidValue("the range from \(low) to \(high) is empty") }
                let levels = SymmetricLevels(low, high, bits: bits, isSigned: isSigned, isNarrow: isNarrow)
                slices.forEachElement(of: slice) { place in
                    let value = limits ? max(min(x[place], levels.high), levels.low) : x[place]
                    let scaled = value * levels.scale
                    y[place] = (roundsUp ? (scaled + 0.5).rounded(.down) : scaled.rounded(.toNearestOrEven)) * levels.inverse
                }
            }
        }
    }
}

/// The greatest scale with which a range fits the integers of some bits while 0 stays 0.
private struct SymmetricLevels<Scalar: FloatingScalar> {
    private(set) var low: Scalar
    private(set) var high: Scalar
    let scale: Scalar
    let inverse: Scalar

    init(_ low: Scalar, _ high: Scalar, bits: Int, isSigned: Bool, isNarrow: Bool) {
        self.low = low
        self.high = high
        let half = Int64(1) << Int64(bits - 1)
        let lowest = Scalar(isSigned ? (isNarrow ? 1 - half : -half) : 0)
        let highest = Scalar(isSigned ? half - 1 : 2 * half - 1)
        let fromLow = lowest * low > 0 ? lowest / low : Scalar.greatestFiniteMagnitude
        let fromHigh = highest * high > 0 ? highest / high : Scalar.greatestFiniteMagnitude
        if fromLow < fromHigh {
            scale = fromLow
            inverse = low / lowest
            self.high = highest * inverse
        } else {
            scale = fromHigh
            inverse = high / highest
            self.low = lowest * inverse
        }
    }
}
