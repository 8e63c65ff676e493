import GraphIR
import Tensors

/// The real numbers that integers stand for.
///
/// - Shapes: data [D…], lowest and highest number (scalars, or one each for each slice along `axis`) → the data's shape.
/// - Types: int8, uint8, int16, uint16, int32 → float32 or bfloat16.
/// - Source: TensorFlow Dequantize.
struct Dequantize: Operator {
    let target: ElementType
    let mode: QuantizationMode
    let isNarrow: Bool
    let axis: Int?

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        guard target == .float32 || target == .bfloat16 else { throw .unsupported("dequantization to \(target)") }
        if axis != nil, mode == .minFirst { throw .unsupported("MIN_FIRST dequantization along an axis") }
        let data = try inputs.required(0, of: QuantizedType.all)
        try SliceRanges.check(inputs, axis: axis)
        return [ValueFact(target, data.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        axis != nil && inputs.axis(0) == axis ? .mixed(RowReason.positional) : inputs.elementwise()
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try HalfPrecisionBridge.compile(context) { (context) throws(OperatorError) in
            let data = try context.input(0), slices = SliceRanges(data.shape, axis: axis)
            let type = QuantizedType(element: data.elementType), this = self
            return CompiledOperator(
                LoopKernel { context in
                    let x = QuantizedElements(reading: context.input(0), type.element), y = context.output(0, as: Float.self)
                    for slice in 0..<slices.count {
                        let low = context.input(1, as: Float.self)[slice], high = context.input(2, as: Float.self)[slice]
                        let map = DequantizeMap(this, low, high, type)
                        slices.forEachElement(of: slice) { place in y[place] = map.real(x[place]) }
                    }
                })
        }
    }
}

private struct DequantizeMap {
    private let mode: QuantizationMode
    private let low: Float
    private let half: Float
    private let scale: Float
    private let reader: QuantizedRange.Reader

    init(_ dequantize: Dequantize, _ low: Float, _ high: Float, _ type: QuantizedType) {
        mode = dequantize.mode
        self.low = low
        half = type.isSigned ? Float(type.stepCount) / 2 : 0
        reader = QuantizedRange(low, high, type).reader
        switch mode {
        case .minCombined: scale = (high - low) / (Float(type.highest) - Float(type.lowest))
        case .minFirst: scale = 1
        case .scaled:
            let lowest = Float(type.lowest + (dequantize.isNarrow ? 1 : 0)), fromHigh = high / Float(type.highest)
            scale = type.isSigned ? max(low / lowest, fromHigh) : fromHigh
        }
    }

    @inline(__always)
    func real(_ integer: Int64) -> Float {
        switch mode {
        case .minCombined: (Float(integer) + half) * scale + low
        case .minFirst: reader.real(integer)
        case .scaled: Float(integer) * scale
        }
    }
}
