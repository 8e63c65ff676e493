package import GraphIR
import Tensors

/// Reshape [N, g · n, …] → [N, g, n, …], Transpose → [N, n, g, …], Reshape → [N, n · g, …]: one `ChannelShuffle`.
package struct ChannelShuffles: GraphPass {
    package let name = "channel-shuffle"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        let uses = GraphUses(graph)
        var nodes: [Node?] = graph.nodes
        for (position, node) in graph.nodes.enumerated() {
            guard let found = shuffle(node, uses, graph) else { continue }
            nodes[found.last] = Node(
                name: node.name, op: ChannelShuffle(groups: found.groups), inputs: [found.data], outputs: graph.nodes[found.last].outputs)
            nodes[found.first] = nil
            nodes[position] = nil
        }
        defer { graph.nodes = nodes.compactMap(\.self) }
        return nodes.count { $0 == nil }
    }

    /// The shuffle whose transposition is `node`.
    private func shuffle(
        _ node: Node, _ uses: GraphUses, _ graph: Graph
    ) -> (first: Int, last: Int, data: ValueID, groups: Int)? {
        guard let order = (node.op as? Transpose)?.permutation, order.count > 2, order == [0, 2, 1] + Array(3..<order.count),
            let split = node.input(0), let swapped = node.outputs.first, uses.soleConsumer(of: split) != nil,
            let first = uses.producers[split.index], graph.nodes[first].op is Reshape, let data = graph.nodes[first].input(0),
            let last = uses.soleConsumer(of: swapped), graph.nodes[last].op is Reshape, let result = graph.nodes[last].outputs.first,
            let outer = graph[data].fact.shape, let inner = graph[split].fact.shape, let end = graph[result].fact.shape,
            outer == end, outer.rank + 1 == inner.rank, !outer.dimensions.contains(.unknown),
            let groups = inner[1].value, let each = inner[2].value, groups > 0,
            groups.multipliedReportingOverflow(by: each) == (outer[1].value ?? -1, false),
            inner[0] == outer[0], inner.dimensions[3...] == outer.dimensions[2...]
        else { return nil }
        return (first, last, data, groups)
    }
}
