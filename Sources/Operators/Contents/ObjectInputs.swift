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

    /// How many numbers the list of integers that input `index` is holds, when it is known.
    func listLength(_ index: Int) throws(OperatorError) -> Int? {
        guard let shape = try integers(index).shape else { return nil }
        guard shape.rank == 1 else { throw .invalidInput(index: index, reason: "has shape \(shape), expected a list") }
        return shape[0].value
    }
}

extension ValueFact {
    /// A list of unknown length.
    static func list(_ type: ElementType) -> ValueFact { ValueFact(type, SymbolicShape([.unknown])) }

    /// A tensor of `rank` with unknown extents; of unknown shape when no tensor has that rank.
    static func unknown(_ type: ElementType, rank: Int) -> ValueFact {
        guard (0...Shape.maximumRank).contains(rank) else { return ValueFact(type, nil as SymbolicShape?) }
        return ValueFact(type, SymbolicShape([Dimension](repeating: .unknown, count: rank)))
    }
}
