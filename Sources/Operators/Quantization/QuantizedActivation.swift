import GraphIR
import Tensors

/// Limits quantized numbers from below by 0 and, for two of the three, from above.
///
/// - Shapes: data [D…], for QuantizedReluX the upper bound, the two ends of the range → the data's shape and the range's ends.
/// - Types: uint8, int32 and the other quantized ones; the result is of the input's type.
/// - Source: TensorFlow QuantizedRelu, QuantizedRelu6, QuantizedReluX.
struct QuantizedActivation: Operator {
    enum Bound: Sendable { case none, six, input }

    let bound: Bound

    var name: String {
        switch bound {
        case .none: "QuantizedRelu"
        case .six: "QuantizedRelu6"
        case .input: "QuantizedReluX"
        }
    }

    private var firstRange: Int { bound == .input ? 2 : 1 }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(firstRange + 2...firstRange + 2)
        let data = try inputs.required(0, of: QuantizedType.all)
        try inputs.checkRanges(1..<firstRange + 2)
        return inputs.quantized(data.elementType, data.shape)
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.elementwiseWithRange() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), type = QuantizedType(element: data.elementType), bound = bound, first = firstRange
        return CompiledOperator(
            LoopKernel { context in
                let range = context.range(first, first + 1, type)
                let x = QuantizedElements(reading: context.input(0), type.element)
                let y = QuantizedElements(context.output(0), type.element)
                let lowest = type.clamped(range.integer(for: 0))
                let highest: Int64 =
                    switch bound {
                    case .none: type.highest
                    case .six: type.clamped(range.integer(for: 6))
                    case .input: type.clamped(range.integer(for: context.number(1)))
                    }
                for place in 0..<data.shape.elementCount { y[place] = min(max(x[place], lowest), highest) }
                context.writeRange(range.low, range.high)
            })
    }
}
