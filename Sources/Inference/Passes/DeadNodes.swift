package import GraphIR

/// Removes nodes whose outputs nobody reads and that have no effect of their own.
package struct DeadNodes: GraphPass {
    package let name = "dead-nodes"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        let count = graph.nodes.count
        graph.nodes = Liveness.needed(graph.nodes, for: graph.outputs, valueCount: graph.values.count)
        return count - graph.nodes.count
    }
}
