package import GraphIR
import Tensors

/// A transposition that puts axes back in the order that an earlier one changed, with nothing but axes of extent 1 added or dropped in
/// between, is a `Reshape` of what the earlier one took.
///
/// Exporters write this around convolutions of one axis of space, and changes of layout leave it.
package struct UndoneTransposes: GraphPass {
    package let name = "undone-transposes"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        let uses = GraphUses(graph)
        var count = 0
        for position in graph.nodes.indices {
            let node = graph.nodes[position]
            guard let source = source(of: node, uses, graph), let output = node.outputs.first,
                let shape = graph[output].fact.shape.flatMap(wantedShape)
            else { continue }
            graph.nodes[position] = Node(name: node.name, op: Reshape(shape: shape), inputs: [source], outputs: node.outputs)
            count += 1
        }
        return count
    }

    /// What an earlier transposition took whose effect on the order of axes this node takes back.
    private func source(of node: Node, _ uses: GraphUses, _ graph: Graph) -> ValueID? {
        guard let last = order(of: node), var value = node.input(0), let rank = graph[value].fact.shape?.rank, last.count == rank else {
            return nil
        }
        var positions = last.filter { !isOne($0, of: value, graph) }
        while let producer = uses.producers[value.index].map({ graph.nodes[$0] }), let input = producer.input(0),
            let before = longAxes(of: input, graph), let after = longAxes(of: value, graph), before.count == after.count
        {
            // From axes of the value to places among its long axes, and on to the axes that the producer's input has there.
            let places = positions.compactMap { after.firstIndex(of: $0) }
            if let first = order(of: producer) {
                let moved = first.filter(before.contains)
                positions = places.map { moved[$0] }
                return zip(positions, positions.dropFirst()).allSatisfy { $0 < $1 } ? input : nil
            }
            guard producer.op is Reshape || producer.op is Squeeze || producer.op is Unsqueeze || producer.op is Flatten,
                dimensions(before, of: input, graph) == dimensions(after, of: value, graph)
            else { return nil }
            positions = places.map { before[$0] }
            value = input
        }
        return nil
    }

    private func order(of node: Node) -> [Int]? {
        guard let transpose = node.op as? Transpose, !transpose.takesPermutation, !transpose.conjugates else { return nil }
        return transpose.permutation
    }

    private func isOne(_ axis: Int, of value: ValueID, _ graph: Graph) -> Bool { graph[value].fact.shape?[axis] == .known(1) }

    /// The axes whose extent may be other than 1; nil unless all extents are known or have names.
    private func longAxes(of value: ValueID, _ graph: Graph) -> [Int]? {
        guard let shape = graph[value].fact.shape, !shape.dimensions.contains(.unknown) else { return nil }
        return shape.dimensions.indices.filter { shape[$0] != .known(1) }
    }

    private func dimensions(_ axes: [Int], of value: ValueID, _ graph: Graph) -> [Dimension] {
        axes.compactMap { graph[value].fact.shape?[$0] }
    }

    /// The shape as `Reshape` takes it; nil when more than one extent is open, or one is 0.
    private func wantedShape(_ shape: SymbolicShape) -> [Int]? {
        let extents = shape.dimensions.map { $0.value ?? -1 }
        return extents.count(where: { $0 == -1 }) > 1 || extents.contains(0) ? nil : extents
    }
}
