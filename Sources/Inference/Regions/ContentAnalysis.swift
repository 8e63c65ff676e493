import GraphIR

/// Which values' contents, and which nodes' output shapes, follow from the shapes of the graph's inputs alone.
///
/// A node is *static* when a plan for concrete input shapes can hold it. Every other node is a dynamic step.
struct ContentAnalysis {
    /// By value: whether its contents are known when a plan is made.
    private(set) var isKnown: [Bool]
    /// By position in the graph's nodes.
    private(set) var isStatic: [Bool] = []

    /// - Parameters:
    ///   - knownInputs: whether the contents of each graph input are known when a plan is made.
    ///   - marked: first outputs of nodes that planning has found to be dynamic.
    init(_ graph: Graph, knownInputs: [Bool]? = nil, marked: Set<ValueID> = []) {
        isKnown = graph.values.map { $0.fact.constant != nil }
        for (input, isKnownInput) in zip(graph.inputs, knownInputs ?? []) { isKnown[input.index] = isKnownInput }
        for node in graph.nodes {
            let isMarked = node.outputs.first.map(marked.contains) ?? false
            let known = isMarked ? nil : knownOutputs(of: node, in: graph)
            isStatic.append(known != nil)
            for (output, isKnownOutput) in zip(node.outputs, known ?? []) { isKnown[output.index] = isKnownOutput }
        }
    }

    /// Whether each output's contents are known; nil when the node is dynamic.
    private func knownOutputs(of node: Node, in graph: Graph) -> [Bool]? {
        let values = node.inputs.compactMap(\.self) + node.captures + node.outputs
        guard node.effects.isEmpty, values.allSatisfy({ graph[$0].fact.valueType.isDense }) else { return nil }
        guard node.op.shapeOperands.allSatisfy({ isKnown(node, input: $0) }) else { return nil }
        if node.op is any SubgraphOperator { return knownBranchOutputs(of: node) }
        let isComputable = node.inputs.allSatisfy { $0.map { isKnown[$0.index] } ?? true }
        if node.op is any DynamicOperator, !isComputable { return nil }
        return Array(repeating: isComputable || node.op.readsTypesOnly, count: node.outputs.count)
    }

    private func isKnown(_ node: Node, input: Int) -> Bool {
        guard input < node.inputs.count, let value = node.inputs[input] else { return true }
        return isKnown[value.index]
    }

    /// A node whose subgraph is selected by known contents is static when every node in its subgraphs is.
    private func knownBranchOutputs(of node: Node) -> [Bool]? {
        guard !node.op.shapeOperands.isEmpty else { return nil }
        var known = Array(repeating: true, count: node.outputs.count)
        for subgraph in node.subgraphs {
            let graph = subgraph.graph
            let formalCount = graph.inputs.count - subgraph.captures.count
            let captured = subgraph.captures.map { isKnown[node.captures[$0].index] }
            let inner = ContentAnalysis(graph, knownInputs: Array(repeating: false, count: max(formalCount, 0)) + captured)
            guard inner.isStatic.allSatisfy(\.self), formalCount == 0 else { return nil }
            for (index, output) in graph.outputs.prefix(known.count).enumerated() where !inner.isKnown[output.index] {
                known[index] = false
            }
        }
        return known
    }
}
