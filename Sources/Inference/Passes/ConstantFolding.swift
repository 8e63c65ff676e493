import GraphIR
import Tensors

/// Computes nodes whose inputs are all constant, once, and puts the result in their place.
struct ConstantFolding: GraphPass {
    let name = "constant-folding"
    let evaluator: NodeEvaluator
    let limits: EngineLimits
    /// Whether the graph is run only in some cases (a branch, a loop's body): what cannot be computed is then left to the run that
    /// gets there, else it is refused now.
    let isConditional: Bool
    /// Whether nodes that expand constants are folded, too.
    var expands = true

    func run(on graph: inout Graph) throws(NodeError) -> Int {
        var kept: [Node] = []
        for node in graph.nodes {
            guard let results = try fold(node, in: graph) else {
                kept.append(node)
                continue
            }
            for (output, tensor) in zip(node.outputs, results) { graph[output].fact = ValueFact(constant: tensor) }
        }
        defer { graph.nodes = kept }
        return graph.nodes.count - kept.count
    }

    /// Models whose large weights are computed (ConstantOfShape) would otherwise compute them in every run.
    private var maximumByteCount: Int {
        evaluator.state.heldByteCount < limits.generousHeldBytes ? limits.maximumFoldedBytes : min(limits.maximumFoldedBytes, 64 << 20)
    }

    private func fold(_ node: Node, in graph: Graph) throws(NodeError) -> [Tensor]? {
        guard node.subgraphs.isEmpty, node.effects.isDeterministic, expands || !node.op.expandsConstants else { return nil }
        let known = node.outputs.compactMap { graph[$0].fact.constant }
        if known.count == node.outputs.count { return known }
        var inputs: [Tensor?] = []
        for input in node.inputs {
            guard let input else {
                inputs.append(nil)
                continue
            }
            guard let constant = graph[input].fact.constant else { return nil }
            inputs.append(constant)
        }
        do {
            return try evaluator.fold(node, inputs: inputs, maximumByteCount: maximumByteCount)
        } catch {
            if isConditional { return nil }
            throw NodeError(node, error)
        }
    }
}
