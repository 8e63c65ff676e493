package import GraphIR
import Tensors

/// Computes nodes whose inputs are all constant, once, and puts the result in their place.
package struct ConstantFolding: GraphPass {
    package let name = "constant-folding"
    private let maximumByteCount: Int

    package init(limits: EngineLimits) { maximumByteCount = limits.maximumFoldedBytes }

    package func run(on graph: inout Graph) throws(OperatorError) -> Int {
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

    private func fold(_ node: Node, in graph: Graph) throws(OperatorError) -> [Tensor]? {
        guard node.subgraphs.isEmpty else { return nil }
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
        return try NodeEvaluation.fold(node, inputs: inputs, maximumByteCount: maximumByteCount)
    }
}
