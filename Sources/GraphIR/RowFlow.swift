import Tensors

/// How a value depends on the rows of a batch, where requests contribute rows.
package enum RowState: Sendable, Hashable {
    /// The same whatever the rows are and however many: constants and what follows from them.
    case shared
    /// Follows from the number of rows alone: what is computed from shapes.
    case counted
    /// Rows lie along `axis` in order, each with an equal number of consecutive positions, and each holds what follows from that
    /// row alone.
    case rows(axis: Int)

    package var axis: Int? {
        if case .rows(let axis) = self { axis } else { nil }
    }
}

/// What an operator says of the rows in its outputs.
package enum RowFlow: Sendable {
    /// One state for each output.
    case states([RowState])
    /// A row of an output may depend on other rows, or it is not known that it does not. The reason completes "the node …".
    case mixed(String)

    /// The same state for every output.
    package static func all(_ state: RowState, of inputs: RowInputs) -> RowFlow {
        .states(Array(repeating: state, count: inputs.outputs.count))
    }

    package static func rows(axis: Int, of inputs: RowInputs) -> RowFlow { all(.rows(axis: axis), of: inputs) }
}

/// The inputs of a node with concrete types for one number of rows, and how each depends on the rows.
///
/// At least one input carries rows: the engine decides the other cases. An input that is `.counted` is one of the operator's
/// `shapeOperands`.
package struct RowInputs: Sendable {
    /// nil where an optional input is absent.
    package let states: [RowState?]
    /// Concrete types, with contents where they are known for this number of rows.
    package let facts: [ValueFact?]
    package let outputs: [ValueFact]
    /// At least 2.
    package let rowCount: Int
    /// As `facts`, for a single row; empty where that is not known.
    private let single: [ValueFact?]
    /// What the outputs of each subgraph are when its formal inputs have the given states; nil when it mixes rows.
    private let subgraph: @Sendable (Int, [RowState]) -> [RowState]?

    package init(
        states: [RowState?], facts: [ValueFact?], outputs: [ValueFact], rowCount: Int, single: [ValueFact?] = [],
        subgraph: @escaping @Sendable (Int, [RowState]) -> [RowState]? = { _, _ in nil }
    ) {
        self.states = states
        self.facts = facts
        self.outputs = outputs
        self.rowCount = rowCount
        self.single = single
        self.subgraph = subgraph
    }

    func replacing(facts: [ValueFact?], outputs: [ValueFact]) -> RowInputs {
        RowInputs(states: states, facts: facts, outputs: outputs, rowCount: rowCount, single: single, subgraph: subgraph)
    }

    package var count: Int { states.count }

    /// The input's state; nil when it is absent.
    package subscript(index: Int) -> RowState? { index < states.count ? states[index] : nil }

    /// The axis that carries the rows of input `index`; nil when it carries none.
    package func axis(_ index: Int) -> Int? { self[index]?.axis }

    /// The input's extents; nil when it is absent or no tensor of known shape.
    package func extents(_ index: Int) -> [Int]? {
        index < facts.count ? facts[index]?.valueType.tensor?.concrete?.shape.extents : nil
    }

    package func integers(_ index: Int) -> [Int]? { index < facts.count ? facts[index]?.integers : nil }

    /// What `integers` would be if there were a single row; nil where that is not known.
    package func integersOfSingleRow(_ index: Int) -> [Int]? { index < single.count ? single[index]?.integers : nil }

    /// Whether no input but those in `indices` carries rows.
    package func onlyInputsCarryRows(_ indices: Int...) -> Bool {
        states.indices.allSatisfy { states[$0]?.axis == nil || indices.contains($0) }
    }

    /// The states of the outputs of subgraph `index` when its formal inputs have `states`; nil when it mixes rows.
    package func subgraphOutputs(_ index: Int, _ states: [RowState]) -> [RowState]? { subgraph(index, states) }
}
