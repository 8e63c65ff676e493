package import Tensors

/// What a node computes: its meaning, free of names and of memory.
///
/// A conformance is a small value holding the operator's attributes. It knows its shape rule and how to make a
/// kernel for concrete types; it knows no graph, no arena and no file format beyond its spellings.
package protocol Operator: Sendable {
    /// The name in messages and dumps, as in the dialect it came from: `Conv`.
    var name: String { get }

    /// Output types from input types.
    ///
    /// Called with symbolic shapes when a model is loaded, with concrete ones when a plan is made, and with every
    /// input as a constant when a value that shapes depend on appears while running. An operator returns as much as
    /// it can know: a shape it cannot know yet is nil or has `.unknown` extents. It may give outputs as constants
    /// (`Shape` of a known shape), and must not when it cannot tell.
    ///
    /// - Throws: what is wrong for every request: ranks, element types, extents that cannot match.
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact]

    /// The code for concrete types.
    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator

    /// What running does beside making the outputs; none by default.
    var effects: Effects { get }

    /// Inputs whose contents decide the shapes of outputs (a target shape, axes, pads, a count). When they are known, `infer`
    /// makes concrete shapes concrete; when they are not, the node becomes a dynamic step. Indices beyond the last input count
    /// for nothing.
    var shapeOperands: Set<Int> { get }

    /// Whether the contents of the outputs follow from the types of the inputs alone (`Shape`), so that `infer` gives them as
    /// constants for concrete types.
    var readsTypesOnly: Bool { get }

    /// Whether the outputs take more memory than the constants they follow from (real numbers for bytes), so that passes look at the
    /// node before it is folded.
    var expandsConstants: Bool { get }

    /// Whether inputs may be values other than dense tensors: strings, sequences, maps, optionals, resources.
    var acceptsObjects: Bool { get }

    /// Which axes of the outputs carry the rows that inputs carry, for concrete types.
    ///
    /// Only what always holds may be claimed: from a wrong answer one client's data would change another client's results.
    /// By default nothing is known, and requests run alone.
    func rows(_ inputs: RowInputs) -> RowFlow
}

extension Operator {
    package var name: String { String(describing: Self.self) }
    package var effects: Effects { [] }
    package var shapeOperands: Set<Int> { [] }
    package var readsTypesOnly: Bool { false }
    package var expandsConstants: Bool { false }
    package var acceptsObjects: Bool { false }
    package func rows(_ inputs: RowInputs) -> RowFlow { .mixed("is not known to keep the rows of a batch apart") }
}

/// An operator whose output shapes depend on the contents of its inputs, that runs subgraphs, or that takes or makes values
/// other than dense tensors: it makes its own outputs while running. Its `compile` is never called.
package protocol DynamicOperator: Operator {
    /// - Throws: `OperatorError` for contents that the operator refuses, or whatever a subgraph throws.
    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue]
}

extension DynamicOperator {
    package func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        throw .unsupported("compiling a dynamic operator")
    }
}

/// A dynamic operator that runs graphs of its own: the branches of a condition, the body of a loop.
///
/// The engine lowers the graphs from the node's attributes and types them; the operator says which attributes hold
/// them, what it will hand them, and what follows from what they give.
package protocol SubgraphOperator: DynamicOperator {
    /// The attributes that hold the graphs, a graph or a list of graphs each, in the order of `Node.subgraphs` and of `EvaluationContext.run(subgraph:)`.
    static var subgraphAttributes: [String] { get }

    /// What is known of the formal inputs of each subgraph when the node has `inputs`.
    ///
    /// A shape that may change from one run of a subgraph to the next is nil or has `.unknown` extents.
    func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]]

    /// Whether `subgraphInputs` holds for the first run of a subgraph alone, so that `widenedInputs` is asked.
    var typesAreTried: Bool { get }

    /// What to assume of the subgraphs' formal inputs when `formals` hold for the first run of a subgraph alone, as what they give
    /// shows; nil when `formals` hold for all.
    ///
    /// Each call must give up some knowledge, so that the question comes to an end.
    func widenedInputs(_ formals: [[ValueFact]], subgraphOutputs: [[ValueFact]]) -> [[ValueFact]]?

    /// Whether one subgraph at most runs, so that what the others give says of what kind its outputs must be.
    var subgraphsAreAlternatives: Bool { get }

    /// What the outputs of subgraph `index` must be for what `formals` say of the subgraphs' formal inputs, as far as the operator
    /// knows: used in place of the outputs of a subgraph that does not fit, and is therefore never to be run.
    func expectedOutputs(ofSubgraph index: Int, formals: [[ValueFact]]) -> [ValueType?]

    /// Output types from input types and from what is known of each subgraph's outputs.
    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact]

    /// Which subgraph stands for the node when its constant inputs decide it (an `If` whose condition is known); the
    /// engine then plans that subgraph's nodes in the node's place.
    func selectedSubgraph(_ inputs: OperatorInputs) -> Int?
}

extension SubgraphOperator {
    package func selectedSubgraph(_ inputs: OperatorInputs) -> Int? { nil }
    package var typesAreTried: Bool { false }
    package var subgraphsAreAlternatives: Bool { false }
    package func expectedOutputs(ofSubgraph index: Int, formals: [[ValueFact]]) -> [ValueType?] { [] }
    package func widenedInputs(_ formals: [[ValueFact]], subgraphOutputs: [[ValueFact]]) -> [[ValueFact]]? { nil }

    package func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        throw .unsupported("typing a node with subgraphs without the types of what they give")
    }
}

/// The inputs of a node during inference: absent optional inputs are nil.
package struct OperatorInputs: Sendable {
    package let facts: [ValueFact?]
    /// How many outputs the node has, asked for or not.
    package let outputCount: Int

    package init(_ facts: [ValueFact?], outputCount: Int = 1) {
        self.facts = facts
        self.outputCount = outputCount
    }

    package var count: Int { facts.count }

    /// The input, or nil when it is absent.
    package subscript(index: Int) -> ValueFact? { index < facts.count ? facts[index] : nil }

    /// The input, which the operator cannot do without.
    package func required(_ index: Int) throws(OperatorError) -> ValueFact {
        guard let fact = self[index] else { throw .invalidInput(index: index, reason: "is missing") }
        return fact
    }

    package func checkCount(_ range: ClosedRange<Int>) throws(OperatorError) {
        guard range.contains(count) else { throw .wrongInputCount(found: count, expected: range) }
    }

    /// The input, refused as unsupported when its element type is not among `types`.
    package func required(_ index: Int, of types: Set<ElementType>) throws(OperatorError) -> ValueFact {
        let fact = try required(index), type = try tensor(index)
        guard types.contains(type.elementType) else {
            throw .unsupportedType(input: index, found: type.elementType, supported: types)
        }
        return fact
    }

    /// The type of an input that must be there and be a tensor.
    package func tensor(_ index: Int) throws(OperatorError) -> TensorType {
        let fact = try required(index)
        guard let type = fact.valueType.tensor else {
            throw .invalidInput(index: index, reason: "is \(fact.valueType), expected a tensor")
        }
        return type
    }
}
