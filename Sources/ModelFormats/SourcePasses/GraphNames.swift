import GraphIR

extension SourceNode {
    /// The graphs in the node's attributes.
    var subgraphs: [SourceGraph] { attributes.values.flatMap(\.subgraphs) }

    /// Names of the values that must exist before the node can run: its inputs and what its subgraphs read from outside.
    var readNames: [String] {
        let own = inputs.filter { !$0.isEmpty }
        let graphs = subgraphs
        return graphs.isEmpty ? own : own + graphs.reduce(into: Set<String>()) { $0.formUnion($1.capturedNames) }.sorted()
    }
}

extension Attribute {
    var subgraphs: [SourceGraph] {
        switch self {
        case .graph(let graph): [graph]
        case .graphs(let graphs): graphs
        default: []
        }
    }
}

extension SourceGraph {
    /// Names that the graph itself makes.
    var madeNames: Set<String> {
        var names = Set(inputs.map(\.name))
        names.formUnion(initializers.map(\.name))
        for node in nodes { names.formUnion(node.outputs) }
        return names
    }

    /// Names that the graph or its subgraphs read and do not make.
    var capturedNames: Set<String> {
        var names = Set(outputs.map(\.name))
        for node in nodes { names.formUnion(node.readNames) }
        return names.subtracting(madeNames)
    }

    /// Nodes of the graph and of its subgraphs, and how many graphs lie inside one another, this one included.
    var extent: (nodeCount: Int, depth: Int) {
        nodes.flatMap(\.subgraphs).reduce(into: (nodes.count, 1)) { extent, graph in
            let inner = graph.extent
            extent = (extent.0 + inner.nodeCount, max(extent.1, inner.depth + 1))
        }
    }
}
