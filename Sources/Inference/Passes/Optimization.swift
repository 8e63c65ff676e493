import GraphIR

/// Every pass over a graph and the graphs inside its nodes.
struct Optimization {
    let passes: [any GraphPass]
    let state: ModelState

    /// - Returns: what was changed in the graph itself, in order.
    func run(on graph: inout Graph, isConditional: Bool = false) throws(EngineError) -> [PassPipeline.Change] {
        for node in graph.nodes.indices {
            for subgraph in graph.nodes[node].subgraphs.indices {
                _ = try run(on: &graph.nodes[node].subgraphs[subgraph].graph, isConditional: true)
            }
        }
        var folding = ConstantFolding(
            evaluator: NodeEvaluator(state: state), limits: state.limits, isConditional: isConditional)
        var changes: [PassPipeline.Change] = []
        if graph.nodes.contains(where: \.op.expandsConstants) {
            folding.expands = false
            changes += try pipeline(folding).run(on: &graph)
            folding.expands = true
        }
        changes += try pipeline(folding).run(on: &graph)
        graph.dropUnreadConstants()
        return changes
    }

    private func pipeline(_ folding: ConstantFolding) -> PassPipeline {
        PassPipeline([folding, BranchInlining()] + passes + [DeadNodes()])
    }
}
