package import GraphIR
import Tensors

/// The largest or smallest element along an axis that a Concat or Pack of single slices has just made is the extremum of the slices
/// themselves: no stack is laid out.
package struct StackedExtrema: GraphPass {
    package let name = "stacked-extrema"
    package init() {}

    /// Slices that are worth joining one by one.
    private static let slices = 2...16

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        let uses = GraphUses(graph)
        var nodes: [Node] = [], stacks: Set<Int> = []
        for node in graph.nodes {
            guard let found = stack(under: node, uses, graph), let output = node.outputs.first else {
                nodes.append(node)
                continue
            }
            stacks.insert(found.position)
            guard let axis = found.axisToDrop else {
                nodes.append(Node(name: node.name, op: found.op, inputs: found.slices, outputs: [output]))
                continue
            }
            let kept = graph.addValue(name: node.name, fact: graph[found.slices[0]].fact)
            nodes.append(Node(name: node.name, op: found.op, inputs: found.slices, outputs: [kept]))
            nodes.append(Node(name: node.name, op: Squeeze(axes: [axis], takesAxesInput: false), inputs: [kept], outputs: [output]))
        }
        guard !stacks.isEmpty else { return 0 }
        let made = Set(stacks.flatMap { graph.nodes[$0].outputs })
        graph.nodes = nodes.filter { made.isDisjoint(with: $0.outputs) }
        return stacks.count
    }

    /// What is reduced by a node: the position of what stacked it, the slices, and their axis that goes.
    private struct Stack {
        let position: Int
        let op: Variadic
        let slices: [ValueID]
        let axisToDrop: Int?
    }

    private func stack(under node: Node, _ uses: GraphUses, _ graph: Graph) -> Stack? {
        guard let reduce = node.op as? Reduce, reduce.function.isExtremum, let value = node.input(0), uses.soleConsumer(of: value) != nil,
            let position = uses.producers[value.index], let shape = graph[value].fact.shape,
            graph[value].fact.elementType != .bool, let axis = reducedAxis(node, reduce, rank: shape.rank, graph)
        else { return nil }
        let op = Variadic(function: reduce.function == .maximum ? .maximum : .minimum)
        let producer = graph.nodes[position], slices = producer.inputs.compactMap(\.self)
        guard Self.slices ~= slices.count, slices.count == producer.inputs.count, shape[axis] == .known(slices.count) else { return nil }
        if let pack = producer.op as? Pack, Shape.resolve(axis: pack.axis, rank: shape.rank) == axis, !reduce.axes.keepsAxes {
            return Stack(position: position, op: op, slices: slices, axisToDrop: nil)
        }
        guard let concat = producer.op as? Concat, concat.axisInput == nil, Shape.resolve(axis: concat.axis, rank: shape.rank) == axis,
            slices.allSatisfy({ graph[$0].fact.shape?.rank == shape.rank && graph[$0].fact.shape?[axis] == .known(1) })
        else { return nil }
        return Stack(position: position, op: op, slices: slices, axisToDrop: reduce.axes.keepsAxes ? nil : axis)
    }

    /// The one axis that is reduced; nil when there are others, or it is not known.
    private func reducedAxis(_ node: Node, _ reduce: Reduce, rank: Int, _ graph: Graph) -> Int? {
        // An axis that cannot be is refused when the reduction itself is compiled.
        guard let listed = try? reduce.axes.listed(graph.facts(of: node)), let resolved = try? reduce.axes.resolve(listed, rank: rank),
            resolved.count == 1
        else { return nil }
        return resolved[0]
    }
}
