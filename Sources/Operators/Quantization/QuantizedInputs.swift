import GraphIR
import Tensors

extension OperatorInputs {
    /// Refuses inputs `indices` unless they are float32 numbers, one each.
    func checkRanges(_ indices: Range<Int>) throws(OperatorError) {
        for index in indices {
            let fact = try required(index, of: [.float32])
            if let shape = fact.shape?.concrete, shape.elementCount != 1 {
                throw .invalidInput(index: index, reason: "has shape \(shape), expected one number")
            }
        }
    }

    /// Data of type `type` in `shape` and the two scalars of its range.
    func quantized(_ type: ElementType, _ shape: SymbolicShape?) -> [ValueFact] {
        [ValueFact(type, shape), ValueFact(.float32, Shape.scalar), ValueFact(.float32, Shape.scalar)]
    }
}

extension RowInputs {
    /// As `elementwise` for an operator whose further outputs are a range that follows from other inputs alone.
    func elementwiseWithRange() -> RowFlow {
        guard let axis = onlyAxis() else { return .mixed(RowReason.parameter) }
        return .states([.rows(axis: axis)] + Array(repeating: .shared, count: max(outputs.count - 1, 0)))
    }
}

extension KernelContext {
    /// The float32 number that input `index` holds.
    func number(_ index: Int) -> Float { input(index, as: Float.self).pointee }

    func range(_ low: Int, _ high: Int, _ type: QuantizedType) -> QuantizedRange {
        QuantizedRange(number(low), number(high), type)
    }

    /// As `range`, refused unless it has a length.
    func properRange(_ low: Int, _ high: Int, _ type: QuantizedType) throws(OperatorError) -> QuantizedRange {
        let range = range(low, high, type)
        guard range.low < range.high else {
            throw .invalidValue("the range from \(range.low) to \(range.high) (inputs \(low) and \(high)) is empty")
        }
        return range
    }

    func writeRange(_ low: Float, _ high: Float, outputs: (Int, Int) = (1, 2)) {
        output(outputs.0, as: Float.self).pointee = low
        output(outputs.1, as: Float.self).pointee = high
    }
}
