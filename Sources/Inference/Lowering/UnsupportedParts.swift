import GraphIR

/// What of a model is not supported, gathered while it is lowered, so that it is reported in one go.
struct UnsupportedParts {
    private var operators: [String: UnsupportedOperator] = [:]
    private var nodes: [NodeError] = []
    /// Values that nodes would make that are not supported, or that follow from such values.
    private var lost: Set<String> = []

    /// All operators of a graph that the catalogue does not have, inside its nodes, too.
    init(of source: SourceGraph, _ catalog: OperatorCatalog) { findOperators(of: source, catalog) }

    private mutating func findOperators(of source: SourceGraph, _ catalog: OperatorCatalog) {
        for node in source.nodes {
            if catalog.spelling(for: node, dialect: source.dialect) == nil {
                let found = UnsupportedOperator(node, source.dialect, catalog)
                if operators[found.key] == nil { operators[found.key] = found } else { operators[found.key]?.otherNodes += 1 }
            }
            for graph in node.subgraphs { findOperators(of: graph, catalog) }
        }
    }

    var isEmpty: Bool { operators.isEmpty && nodes.isEmpty }

    var error: EngineError {
        if operators.isEmpty, nodes.count == 1 { return EngineError(nodes[0]) }
        return .unsupported(operators.sorted { $0.key < $1.key }.map(\.value), nodes: nodes)
    }

    /// Whether a node reads a value that nobody makes because of what was found before.
    func reaches(_ node: SourceNode) -> Bool {
        !lost.isEmpty && (node.inputs.contains(where: lost.contains) || node.subgraphs.contains(where: reaches))
    }

    private func reaches(_ graph: SourceGraph) -> Bool {
        graph.nodes.contains(where: reaches) || graph.outputs.contains { lost.contains($0.name) }
    }

    /// Notes why `node` is not supported.
    ///
    /// - Returns: false when the error says something else.
    mutating func note(_ error: EngineError, of node: SourceNode) -> Bool {
        guard error.isUnsupported else { return false }
        // Operators that are not known have been found already.
        if case .node(let name, let operatorName, let error) = error {
            nodes.append(NodeError(node: name, operatorName: operatorName, error: error))
        }
        lose(node)
        return true
    }

    mutating func lose(_ node: SourceNode) { lost.formUnion(node.outputs.lazy.filter { !$0.isEmpty }) }
}

extension UnsupportedParts {
    /// Nodes that are listed one by one.
    private static let shownNodes = 20

    static func text(_ operators: [UnsupportedOperator], _ nodes: [NodeError]) -> String {
        var parts: [String] = []
        if operators.first.map({ $0.dialect == .onnx }) ?? true {
            parts = operators.map(\.description)
        } else {
            let list = operators.map(\.description).joined(separator: ", ")
            parts = ["operators that are not supported: \(list)"]
        }
        parts += nodes.prefix(shownNodes).map { "node \"\($0.node)\" (\($0.operatorName)): \($0.error)" }
        if nodes.count > shownNodes { parts.append("\(nodes.count - shownNodes) more nodes are not supported") }
        let advice = Set(operators.compactMap(\.advice)).sorted()
        if operators.contains(where: { $0.known.isEmpty && $0.advice == nil }) {
            parts.append("see apus version --json for the operators that are")
        }
        return (parts + advice).joined(separator: "; ")
    }
}

extension SourceNode {
    fileprivate var subgraphs: [SourceGraph] {
        attributes.values.flatMap { attribute -> [SourceGraph] in
            switch attribute {
            case .graph(let graph): [graph]
            case .graphs(let graphs): graphs
            default: []
            }
        }
    }
}
