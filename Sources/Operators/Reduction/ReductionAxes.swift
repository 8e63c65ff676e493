import GraphIR
import Tensors

/// Which axes a reduction runs over, and what remains of the shape.
struct ReductionAxes: Sendable {
    enum Source: Sendable {
        /// nil when the attribute is absent.
        case attribute([Int]?)
        /// The optional input 1.
        case input
    }

    let source: Source
    let keepsAxes: Bool
    /// Whether an empty or absent list means no axis in place of all.
    let emptyMeansNone: Bool

    var shapeOperands: Set<Int> {
        if case .input = source { [1] } else { [] }
    }

    /// The axes of a tensor of `rank` that `listed` names, ascending.
    func resolve(_ listed: [Int]?, rank: Int) throws(OperatorError) -> [Int] {
        guard let listed, !listed.isEmpty else { return emptyMeansNone ? [] : Array(0..<rank) }
        // A scalar has an axis -1 and 0 in some exporters' eyes; it holds the one element.
        if rank == 0, listed.allSatisfy({ $0 == 0 || $0 == -1 }) { return [] }
        return try Axes.resolve(listed, rank: rank).sorted()
    }

    /// The list as far as it is known before running; nil when it is an input that is not constant.
    func listed(_ inputs: OperatorInputs) throws(OperatorError) -> [Int]?? {
        switch source {
        case .attribute(let axes): return .some(axes)
        case .input:
            guard inputs[1] != nil else { return .some(nil) }
            return try inputs.parameters(1).map { .some($0) }
        }
    }

    func listed(_ context: CompileContext) throws(OperatorError) -> [Int]? {
        switch source {
        case .attribute(let axes): axes
        case .input: try context.optionalParameters(1)
        }
    }

    /// The result's shape, as far as it is known.
    func resultShape(_ inputs: OperatorInputs) throws(OperatorError) -> SymbolicShape? {
        let listed = try listed(inputs)
        guard let shape = try inputs.required(0).shape else { return nil }
        guard let listed else { return shapeWithoutAxes(shape, count: try inputs.parameterCount(1)) }
        let axes = try resolve(listed, rank: shape.rank)
        return SymbolicShape(
            shape.dimensions.enumerated().compactMap { axis, dimension in
                axes.contains(axis) ? (keepsAxes ? .known(1) : nil) : dimension
            })
    }

    /// The rank is all that can be known while the axes are not.
    private func shapeWithoutAxes(_ shape: SymbolicShape, count: Int?) -> SymbolicShape? {
        if keepsAxes { return SymbolicShape(unknownRank: shape.rank) }
        guard let count, count > 0, count <= shape.rank else { return nil }
        return SymbolicShape(unknownRank: shape.rank - count)
    }
}
