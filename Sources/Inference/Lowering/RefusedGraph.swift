import GraphIR

/// Stands for a graph inside a node (a branch, a loop's body) that does not fit what the node hands it.
///
/// Such a graph may never be run: exporters leave the branches of other cases in a model. Reaching it gives the refusal that typing
/// it gave, under the name of the node that refused.
struct RefusedGraph: DynamicOperator {
    /// Of the operator that refused.
    let name: String
    let error: OperatorError
    let outputs: [ValueType]

    func infer(_ inputs: OperatorInputs) -> [ValueFact] { outputs.map { ValueFact($0) } }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { throw error }

    /// A graph with these formal inputs that refuses to run; nil when `error` is about more than one node's inputs.
    static func graph(_ graphName: String, inputs: [ValueFact], outputs: [ValueType], _ error: EngineError) -> Graph? {
        guard case .node(let node, let operatorName, let refusal) = error else { return nil }
        var graph = Graph(name: graphName)
        graph.inputs = inputs.map { graph.addValue(name: "", fact: $0) }
        graph.outputs = outputs.map { graph.addValue(name: "", fact: ValueFact($0)) }
        let op = RefusedGraph(name: operatorName, error: refusal, outputs: outputs)
        graph.nodes = [Node(name: node, op: op, inputs: [], outputs: graph.outputs)]
        return graph
    }
}

extension EngineError {
    /// Whether a node does not fit what it is given, so that only a run that reaches it fails. What Apus does not compute, and what
    /// is wrong with the graph itself, is refused when a model is loaded.
    var isMisfit: Bool {
        guard case .node(_, _, let error) = self else { return false }
        return switch error {
        case .invalidAttribute, .invalidInput, .wrongInputCount, .invalidValue: true
        case .unsupported, .unsupportedType, .memory, .unavailable, .stopped: false
        }
    }
}
