import GraphIR
import Tensors

extension SymbolicShape {
    /// What holds of a value that has both shapes, where nil is a shape of unknown rank; nothing when they contradict each other.
    static func unified(_ left: SymbolicShape?, _ right: SymbolicShape?) -> SymbolicShape?? {
        guard let left else { return .some(right) }
        guard let right else { return .some(left) }
        guard left.rank == right.rank else { return nil }
        var dimensions: [Dimension] = []
        for (a, b) in zip(left.dimensions, right.dimensions) {
            guard let joined = Dimension.unified(a, b) else { return nil }
            dimensions.append(joined)
        }
        return .some(SymbolicShape(dimensions))
    }

    /// A shape as TensorFlow writes it into a tensor: -1 is an unknown extent, a scalar -1 an unknown rank.
    static func partial(_ numbers: [Int], isScalar: Bool) throws(OperatorError) -> SymbolicShape? {
        if isScalar {
            guard numbers == [-1] else { throw .invalidValue("has the scalar \(numbers) for a shape, expected -1 or a list of extents") }
            return nil
        }
        var dimensions: [Dimension] = []
        for number in numbers {
            guard number >= -1, numbers.count <= Shape.maximumRank else { throw .invalidValue("has no shape \(numbers)") }
            dimensions.append(number < 0 ? .unknown : .known(number))
        }
        return SymbolicShape(dimensions)
    }

    /// The same without names: what a value of another run may be held to.
    var nameless: SymbolicShape { SymbolicShape(dimensions.map { $0.value.map(Dimension.known) ?? .unknown }) }
}

extension OperatorInputs {
    /// The shape that input `index` states, as far as it is constant.
    func partialShape(_ index: Int) throws(OperatorError) -> SymbolicShape? {
        let fact = try required(index, of: [.int32, .int64])
        if let shape = fact.shape, shape.rank > 1 { throw .invalidInput(index: index, reason: "has rank \(shape.rank), expected a shape") }
        guard let numbers = fact.integers else {
            guard let count = fact.shape?.dimensions.first?.value, count <= Shape.maximumRank else { return nil }
            return SymbolicShape(Array(repeating: .unknown, count: count))
        }
        return try SymbolicShape.partial(numbers, isScalar: fact.rank == 0)
    }

    /// What is known of the elements of the list that input `index` is.
    func list(_ index: Int) throws(OperatorError) -> TensorType {
        let fact = try required(index)
        guard case .list(let type) = fact.valueType else {
            throw .invalidInput(index: index, reason: "is \(fact.valueType), expected a list of tensors")
        }
        return type
    }
}

extension EvaluationContext {
    /// The shape that input `index` states; nil for one of unknown rank.
    func partialShape(_ index: Int) throws(OperatorError) -> SymbolicShape? {
        let view = try required(index)
        guard view.shape.rank <= 1, let numbers = view.integers else {
            throw .invalidInput(index: index, reason: "is \(view.spec), expected a shape")
        }
        return try SymbolicShape.partial(numbers, isScalar: view.shape.rank == 0)
    }

    func list(_ index: Int) throws(OperatorError) -> TensorList {
        guard case .object(.list(let list)) = try value(index) else {
            throw .invalidInput(index: index, reason: "is \(try value(index).kind), expected a list of tensors")
        }
        return list
    }

    /// The single integer that input `index` holds.
    func integer(_ index: Int) throws(OperatorError) -> Int {
        let view = try required(index)
        guard view.elementCount == 1, let number = view.integers?.first else {
            throw .invalidInput(index: index, reason: "is \(view.spec), expected a single integer")
        }
        return number
    }

    /// The integers that input `index` holds.
    func integers(_ index: Int) throws(OperatorError) -> [Int] {
        let view = try required(index)
        guard let numbers = view.integers else { throw .invalidInput(index: index, reason: "is \(view.spec), expected integers") }
        return numbers
    }
}
