package import GraphIR
import Tensors

/// Makes normalisations by recorded statistics one operator, `ChannelScale`, which the other fusions take into convolutions or extend:
/// FusedBatchNorm with constant statistics, and the product with one constant for each channel that a spelled-out normalisation
/// begins with.
package struct ChannelScales: GraphPass {
    package let name = "channel-scales"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        let uses = GraphUses(graph)
        var count = 0
        for position in graph.nodes.indices {
            let node = graph.nodes[position]
            guard let made = scale(fromNormalization: node, uses, &graph) ?? scale(fromProduct: node, uses, &graph) else { continue }
            graph.nodes[position] = made
            count += 1
        }
        return count
    }

    private func scale(fromNormalization node: Node, _ uses: GraphUses, _ graph: inout Graph) -> Node? {
        guard let op = node.op as? FusedBatchNorm, !op.trains, let x = node.input(0), let result = node.outputs.first,
            node.outputs.dropFirst().allSatisfy({ uses.consumers[$0.index].isEmpty && !uses.isGraphOutput($0) }),
            let scale = graph.floats(node.input(1)), let offset = graph.floats(node.input(2)), let mean = graph.floats(node.input(3)),
            let variance = graph.floats(node.input(4)), [offset.count, mean.count, variance.count].allSatisfy({ $0 == scale.count })
        else { return nil }
        let factors = scale.indices.map { Double(scale[$0]) / (Double(variance[$0]) + Double(op.epsilon)).squareRoot() }
        let shifts = factors.indices.map { Float(Double(offset[$0]) - Double(mean[$0]) * factors[$0]) }
        return self.node(node.name, x, factors.map { Float($0) }, shifts, result, &graph)
    }

    /// Only where it leads to something: behind a host that takes it in, or before a constant that becomes its shift.
    private func scale(fromProduct node: Node, _ uses: GraphUses, _ graph: inout Graph) -> Node? {
        guard let arithmetic = node.op as? Arithmetic, arithmetic.function == .multiply, case .multidirectional = arithmetic.rule,
            node.inputs.count == 2, let result = node.outputs.first, graph[result].fact.elementType == .float32
        else { return nil }
        for (data, constant) in [(0, 1), (1, 0)] {
            guard let x = node.inputs[data], let factors = channelFactors(node.inputs[constant], of: x, graph),
                leadsOn(x, result, uses, graph)
            else { continue }
            return self.node(node.name, x, factors, [Float](repeating: 0, count: factors.count), result, &graph)
        }
        return nil
    }

    /// A constant that varies along the last axis of `x` alone.
    private func channelFactors(_ constant: ValueID?, of x: ValueID, _ graph: Graph) -> [Float]? {
        guard let constant, let values = graph.floats(constant), let extents = graph[constant].fact.constant?.shape.extents,
            let shape = graph[x].fact.shape, shape.rank >= 2, extents.count <= shape.rank, graph[x].fact.constant == nil,
            let channels = shape[shape.rank - 1].value, channels > 1, values.count == channels, extents.last == channels
        else { return nil }
        return values
    }

    private func leadsOn(_ x: ValueID, _ result: ValueID, _ uses: GraphUses, _ graph: Graph) -> Bool {
        if let producer = uses.producers[x.index], uses.soleConsumer(of: x) != nil, graph.openHost(graph.nodes[producer]) != nil {
            return true
        }
        guard let reader = uses.soleConsumer(of: result) else { return false }
        let consumer = graph.nodes[reader]
        let isAddition = (consumer.op as? Arithmetic)?.function == .add || consumer.op is BiasAdd
        return isAddition && consumer.inputs.contains { $0.map { graph[$0].fact.constant != nil } ?? false }
    }

    private func node(
        _ name: String, _ x: ValueID, _ factors: [Float], _ shifts: [Float], _ result: ValueID, _ graph: inout Graph
    ) -> Node {
        let scale = graph.addConstant(name: name + ".factors", Tensor(factors, shape: [factors.count]))
        let shift = graph.addConstant(name: name + ".shifts", Tensor(shifts, shape: [shifts.count]))
        return Node(name: name, op: ChannelScale(), inputs: [x, scale, shift], outputs: [result])
    }
}
