import GraphIR

/// Puts the nodes of a branch in the place of a node whose constant inputs decide it (`If` with a constant condition).
struct BranchInlining: GraphPass {
    let name = "branch-inlining"

    func run(on graph: inout Graph) -> Int {
        var nodes: [Node] = []
        var replaced: [ValueID: ValueID] = [:]
        var count = 0
        for node in graph.nodes {
            let inputs = OperatorInputs(node.inputs.map { $0.map { graph[$0].fact } }, outputCount: node.outputs.count)
            guard let op = node.op as? any SubgraphOperator, let selected = op.selectedSubgraph(inputs),
                selected < node.subgraphs.count
            else {
                nodes.append(node.replacing(replaced))
                continue
            }
            let splice = Splice(node.subgraphs[selected], of: node.replacing(replaced), into: &graph)
            nodes += splice.nodes
            for (outer, inner) in zip(node.outputs, splice.outputs) { replaced[outer] = inner }
            count += 1
        }
        guard count > 0 else { return 0 }
        graph.nodes = nodes
        graph.outputs = graph.outputs.map { replaced[$0] ?? $0 }
        return count
    }
}

/// A subgraph's nodes over the values of the graph around it.
struct Splice {
    let nodes: [Node]
    let outputs: [ValueID]

    /// Adds the subgraph's values to `graph`; formal inputs become the last inputs of `node`, captures what they capture.
    init(_ subgraph: Subgraph, of node: Node, into graph: inout Graph) {
        let inner = subgraph.graph
        let base = graph.values.count
        graph.values += inner.values
        let captured = subgraph.captures.map { node.captures[$0] }
        let formals = node.inputs.compactMap(\.self).suffix(inner.inputs.count - captured.count)
        var replaced: [ValueID: ValueID] = [:]
        for (formal, actual) in zip(inner.inputs, Array(formals) + captured) { replaced[ValueID(base + formal.index)] = actual }
        nodes = inner.nodes.map { $0.shifted(by: base).replacing(replaced) }
        outputs = inner.outputs.map { output in
            let shifted = ValueID(base + output.index)
            return replaced[shifted] ?? shifted
        }
    }
}

extension Node {
    func shifted(by base: Int) -> Node {
        var node = self
        node.inputs = inputs.map { $0.map { ValueID(base + $0.index) } }
        node.outputs = outputs.map { ValueID(base + $0.index) }
        node.captures = captures.map { ValueID(base + $0.index) }
        return node
    }

    /// The node reading other values; its own outputs stay.
    func replacing(_ values: [ValueID: ValueID]) -> Node {
        values.isEmpty ? self : replacing { values[$0] ?? $0 }
    }

    func replacing(_ value: (ValueID) -> ValueID) -> Node {
        var node = self
        node.inputs = inputs.map { $0.map(value) }
        node.captures = captures.map(value)
        return node
    }
}
