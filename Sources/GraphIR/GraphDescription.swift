import Tensors

/// A graph in words, for `apus inspect`: the same for what a file says and for what the engine made of it.
package struct GraphDescription: Codable, Sendable {
    package struct ValueDescription: Codable, Sendable {
        package let name: String
        /// Element type and shape, `float32[batch,64]`; nil when nothing is declared.
        package let type: String?
    }

    package struct NodeDescription: Codable, Sendable {
        package let name: String
        package let `operator`: String
        /// Names of the inputs; empty where an optional one is left out.
        package let inputs: [String]
        package let outputs: [ValueDescription]
        package let subgraphs: [GraphDescription]
    }

    package let name: String
    package let inputs: [ValueDescription]
    package let outputs: [ValueDescription]
    package let nodes: [NodeDescription]
    package let constantCount: Int
    package let constantByteCount: Int
}

extension GraphDescription {
    /// What the file states, unchecked.
    package init(_ source: SourceGraph) {
        let value = { (item: SourceValue) in ValueDescription(name: item.name, type: item.type?.description) }
        name = source.name
        inputs = source.inputs.map(value)
        outputs = source.outputs.map(value)
        nodes = source.nodes.map { node in
            NodeDescription(
                name: node.name, operator: node.domain.isEmpty ? node.operatorName : "\(node.domain):\(node.operatorName)",
                inputs: node.inputs,
                outputs: node.outputs.map { ValueDescription(name: $0, type: source.valueTypes[$0]?.description) },
                subgraphs: node.attributes.sorted { $0.key < $1.key }.flatMap { Self.subgraphs($0.value) })
        }
        constantCount = source.initializers.count
        constantByteCount = source.initializers.reduce(0) { $0 + $1.value.byteCount }
    }

    private static func subgraphs(_ attribute: Attribute) -> [GraphDescription] {
        switch attribute {
        case .graph(let graph): [GraphDescription(graph)]
        case .graphs(let graphs): graphs.map(GraphDescription.init)
        default: []
        }
    }

    /// What lowering and the passes have made.
    package init(_ graph: Graph) {
        let value = { (id: ValueID) in
            ValueDescription(name: Self.name(of: id, in: graph), type: graph[id].fact.valueType.description)
        }
        name = graph.name
        inputs = graph.inputs.map(value)
        outputs = graph.outputs.map(value)
        nodes = graph.nodes.map { node in
            NodeDescription(
                name: node.name, operator: node.op.name, inputs: node.inputs.map { $0.map { Self.name(of: $0, in: graph) } ?? "" },
                outputs: node.outputs.map(value), subgraphs: node.subgraphs.map { GraphDescription($0.graph) })
        }
        let read = Set(graph.nodes.flatMap(\.dependencies) + graph.outputs)
        let constants = read.map { graph[$0].fact }.filter(\.isConstant)
        constantCount = constants.count
        constantByteCount = constants.reduce(0) { $0 + ($1.constant?.spec.byteCount ?? 0) + ($1.strings?.byteCount ?? 0) }
    }

    private static func name(of id: ValueID, in graph: Graph) -> String {
        graph[id].name.isEmpty ? "%\(id.index)" : graph[id].name
    }
}
