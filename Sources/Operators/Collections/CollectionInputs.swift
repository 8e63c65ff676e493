import GraphIR
import Tensors

extension ValueType {
    /// The same without the names of extents: what holds of one element of a sequence need not hold of the next.
    var nameless: ValueType {
        switch self {
        case .tensor(let type): .tensor(TensorType(type.elementType, type.shape?.nameless))
        case .sequence(let element): .sequence(element.nameless)
        case .optional(let value): .optional(value.nameless)
        case .list, .map, .resource: self
        }
    }
}

/// What operators on ONNX's sequences hold to.
enum Sequences {
    /// Longer sequences are refused.
    static let maximumCount = 1 << 20

    static func check(count: Int) throws(OperatorError) {
        guard count >= 0, count <= maximumCount else {
            throw .invalidValue("makes a sequence of \(count) elements, at most \(maximumCount) are possible")
        }
    }

    /// The type of a sequence whose elements have this type.
    static func fact(of element: TensorType) -> ValueFact {
        ValueFact(.sequence(.tensor(TensorType(element.elementType, element.shape?.nameless))))
    }
}

extension OperatorInputs {
    /// What holds of every element of the sequence of tensors that input `index` is.
    func sequence(_ index: Int) throws(OperatorError) -> TensorType {
        let fact = try required(index)
        guard case .sequence(let element) = fact.valueType, let type = element.nameless.tensor else {
            throw .invalidInput(index: index, reason: "is \(fact.valueType), expected a sequence of tensors")
        }
        return type
    }

    /// Refuses input `index` unless it is absent or may be a single integer.
    func checkPosition(_ index: Int) throws(OperatorError) {
        guard self[index] != nil else { return }
        let fact = try required(index, of: [.int32, .int64])
        guard let shape = fact.shape else { return }
        if shape.dimensions.contains(where: { $0.value.map { $0 != 1 } ?? false }) {
            throw .invalidInput(index: index, reason: "has shape \(shape), expected a single position")
        }
    }
}

extension EvaluationContext {
    /// The elements of the sequence that input `index` is.
    func sequence(_ index: Int) throws(OperatorError) -> [RuntimeValue] {
        let value = try value(index)
        guard case .object(.sequence(let elements)) = value else {
            throw .invalidInput(index: index, reason: "is \(value.kind), expected a sequence")
        }
        return elements
    }

    /// The position that input `index` holds, counted from the front.
    ///
    /// - Parameter limit: how many positions there are; a negative one counts from the end of `count` elements.
    func position(_ index: Int, count: Int, limit: Int) throws(OperatorError) -> Int {
        let number = try integer(index)
        let position = number < 0 ? number.addingReportingOverflow(count).partialValue : number
        guard position >= 0, position < limit else {
            throw .invalidValue("has position \(number) of a sequence of \(count) elements")
        }
        return position
    }
}
