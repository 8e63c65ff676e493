import GraphIR
import Tensors

/// Checks of inputs that may be strings.
extension OperatorInputs {
    /// The tensor of strings that input `index` is.
    func text(_ index: Int) throws(OperatorError) -> TensorType {
        let type = try tensor(index)
        guard type.elementType == .string else {
            throw .invalidInput(index: index, reason: "is \(type), expected a tensor of strings")
        }
        return type
    }

    /// The tensor of integers that input `index` is.
    @discardableResult
    func integers(_ index: Int) throws(OperatorError) -> TensorType {
        let type = try tensor(index)
        guard type.elementType.isInteger else {
            throw .invalidInput(index: index, reason: "is \(type), expected a tensor of integers")
        }
        return type
    }
}

extension ValueFact {
    /// A list of unknown length.
    static func list(_ type: ElementType) -> ValueFact { ValueFact(type, SymbolicShape([.unknown])) }

    /// A tensor of `rank` with unknown extents.
    static func unknown(_ type: ElementType, rank: Int) -> ValueFact {
        ValueFact(type, SymbolicShape([Dimension](repeating: .unknown, count: rank)))
    }
}
