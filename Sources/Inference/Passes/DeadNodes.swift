package import GraphIR

/// Removes nodes whose outputs nobody reads.
package struct DeadNodes: GraphPass {
    package let name = "dead-nodes"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        var isNeeded = [Bool](repeating: false, count: graph.values.count)
        for output in graph.outputs { isNeeded[output.index] = true }
        var kept: [Node] = []
        for node in graph.nodes.reversed() where node.outputs.contains(where: { isNeeded[$0.index] }) {
            for value in node.dependencies { isNeeded[value.index] = true }
            kept.append(node)
        }
        defer { graph.nodes = kept.reversed() }
        return graph.nodes.count - kept.count
    }
}
