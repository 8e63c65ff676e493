import GraphIR
import Tensors

extension OperatorInputs {
    /// The input, whose elements lie in its bytes: anything but strings.
    func dense(_ index: Int) throws(OperatorError) -> ValueFact {
        let fact = try required(index)
        guard fact.elementType != .string else { throw .unsupported("input \(index) of strings") }
        return fact
    }

    /// The input's integers when they are constant; nil when they are not, or when the input is absent.
    ///
    /// - Parameter attribute: the integers where an older opset has them as an attribute; then there is no input.
    /// - Throws: when the input is not of an integer type, or not of rank 0 or 1.
    func parameters(_ index: Int, or attribute: [Int]? = nil) throws(OperatorError) -> [Int]? {
        if let attribute { return attribute }
        guard self[index] != nil else { return nil }
        let fact = try indices(index)
        if let rank = fact.rank, rank > 1 {
            throw .invalidInput(index: index, reason: "has rank \(rank), expected a list of integers (rank 1)")
        }
        return fact.integers
    }

    /// How many integers the list input `index` holds, as far as its shape tells.
    ///
    /// - Throws: when they are more than a tensor has axes.
    func parameterCount(_ index: Int) throws(OperatorError) -> Int? {
        guard let shape = self[index]?.shape, let count = shape.rank == 0 ? 1 : shape[0].value else { return nil }
        guard (0...Shape.maximumRank).contains(count) else {
            throw .invalidInput(index: index, reason: "has \(count) numbers, expected one an axis, at most \(Shape.maximumRank)")
        }
        return count
    }

    /// Refuses input `index` unless its element type is that of input `other`.
    func checkSameType(_ index: Int, as other: Int) throws(OperatorError) {
        let found = try required(index).elementType, expected = try required(other).elementType
        guard found == expected else {
            throw .invalidInput(index: index, reason: "is \(found), expected \(expected) as input \(other)")
        }
    }
}

extension CompileContext {
    /// The constant integers of input `index`; the engine compiles only when `infer` knew them.
    func parameters(_ index: Int, or attribute: [Int]? = nil) throws(OperatorError) -> [Int] {
        if let attribute { return attribute }
        guard let values = constant(index)?.integers else {
            throw .invalidInput(index: index, reason: "must be constant when the kernel is made")
        }
        return values
    }

    /// As `parameters`, for an optional input.
    func optionalParameters(_ index: Int) throws(OperatorError) -> [Int]? {
        has(index) ? try parameters(index) : nil
    }
}

/// Checks of axes that come from the model.
enum Axes {
    /// The axis counted from 0.
    static func resolve(_ axis: Int, rank: Int, input: Int = 0) throws(OperatorError) -> Int {
        guard let resolved = Shape.resolve(axis: axis, rank: rank) else {
            throw .invalidInput(index: input, reason: "has rank \(rank), axis \(axis) is outside \(-rank)...\(rank - 1)")
        }
        return resolved
    }

    /// The axes counted from 0, in their order, each at most once.
    static func resolve(_ axes: [Int], rank: Int, input: Int = 0) throws(OperatorError) -> [Int] {
        var resolved: [Int] = []
        for axis in axes {
            let position = try resolve(axis, rank: rank, input: input)
            guard !resolved.contains(position) else {
                throw .invalidValue("axis \(axis) is listed twice in \(axes)")
            }
            resolved.append(position)
        }
        return resolved
    }
}

extension SymbolicShape {
    /// A shape of which only the rank is known.
    init(unknownRank rank: Int) { self.init([Dimension](repeating: .unknown, count: rank)) }

    /// The shape itself, refused when its known extents alone make it larger than any tensor.
    func checked(_ what: String) throws(OperatorError) -> SymbolicShape {
        _ = try Shape(checked: dimensions.map { $0.value ?? 1 }, what: what)
        return self
    }
}

extension Dimension {
    /// The product of extents as far as it can be named: a lone symbol times 1 keeps its name.
    static func product(_ dimensions: some Sequence<Dimension>) -> Dimension {
        var known = 1
        var open: [Dimension] = []
        for dimension in dimensions {
            guard let extent = dimension.value else {
                open.append(dimension)
                continue
            }
            let (product, overflow) = known.multipliedReportingOverflow(by: extent)
            if overflow { return .unknown }
            known = product
        }
        if known == 0 || open.isEmpty { return .known(known) }
        return known == 1 && open.count == 1 ? open[0] : .unknown
    }

    /// The extent of two that must be equal; nil when they cannot be.
    static func unified(_ left: Dimension, _ right: Dimension) -> Dimension? {
        switch (left, right) {
        case (.known(let a), .known(let b)): a == b ? left : nil
        case (.known, _), (_, .unknown): left
        case (_, .known), (.unknown, _): right
        default: left
        }
    }
}

extension Shape {
    /// A shape made of numbers from the model or from data.
    init(checked extents: [Int], what: String) throws(OperatorError) {
        guard let shape = Shape(checking: extents) else {
            throw .invalidValue(
                "\(what) would have the shape \(extents), which is negative somewhere, of a rank over \(Shape.maximumRank) "
                    + "or over \(Shape.maximumElementCount) elements"
            )
        }
        self = shape
    }
}
