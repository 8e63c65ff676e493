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
        let folding = ConstantFolding(
            evaluator: NodeEvaluator(state: state), limits: state.limits, isConditional: isConditional)
        let changes = try PassPipeline([folding, BranchInlining()] + passes + [DeadNodes()]).run(on: &graph)
        graph.dropUnreadConstants()
        return changes
    }
}
