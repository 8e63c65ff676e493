import GraphIR

/// Names that a graph reads and does not make, each with the node that reads it, for messages.
typealias Captures = [String: String]

/// A node and what its subgraphs read from the graph around it.
struct BuiltNode {
    let node: SourceNode
    var captures: Captures = [:]
}

extension SourceNode {
    /// What messages call the node.
    var place: String { "node \"\(name)\" (\(operatorName))" }
}

/// Checks the names of one graph and orders its nodes so that each comes after those it reads from or waits for.
struct NodeOrder {
    let context: ImportContext
    /// What messages call the graph.
    let place: String

    struct Result {
        let nodes: [SourceNode]
        /// Names that come from outside of the graph.
        let captures: Captures
        /// Every name that is read, in the graph or in its subgraphs.
        let read: Set<String>
    }

    private enum Origin {
        case outside
        case node(Int)
    }

    /// Names are made once: inputs, constants and node outputs of a graph have names of their own.
    func order(
        _ nodes: [BuiltNode], inputs: [String], constants: [String], outputs: [String]
    ) throws(ImportError) -> Result {
        let origins = try origins(nodes, inputs: inputs, constants: constants)
        let positions = Self.positions(ofNamesIn: nodes)
        var captures: Captures = [:]
        var read: Set<String> = []
        var dependencies: [[Int]] = []
        dependencies.reserveCapacity(nodes.count)
        for node in nodes {
            var sources: [Int] = []
            func note(_ name: String, reader: @autoclosure () -> String) {
                read.insert(name)
                switch origins[name] {
                case .outside: break
                case .node(let index): sources.append(index)
                case nil: if captures[name] == nil { captures[name] = reader() }
                }
            }
            for name in node.node.inputs where !name.isEmpty { note(name, reader: node.node.place) }
            for (name, reader) in node.captures { note(name, reader: reader) }
            for name in node.node.controls {
                guard let position = positions[name] else {
                    throw context.malformed(node.node.place, "waits for the node \"\(name)\", which is not in \(place)")
                }
                sources.append(position)
            }
            dependencies.append(sources)
        }
        for name in outputs {
            read.insert(name)
            if origins[name] == nil { captures[name] = "output \"\(name)\" of \(place)" }
        }
        let order = try order(dependencies, of: nodes)
        return Result(nodes: order.map { nodes[$0].node }, captures: captures, read: read)
    }

    /// Where the nodes stand that others wait for by name; empty when none does.
    private static func positions(ofNamesIn nodes: [BuiltNode]) -> [String: Int] {
        guard nodes.contains(where: { !$0.node.controls.isEmpty }) else { return [:] }
        return Dictionary(nodes.enumerated().map { ($1.node.name, $0) }) { first, _ in first }
    }

    private func origins(
        _ nodes: [BuiltNode], inputs: [String], constants: [String]
    ) throws(ImportError) -> [String: Origin] {
        var origins: [String: Origin] = [:]
        for name in inputs where origins.updateValue(.outside, forKey: name) != nil {
            throw context.malformed("input \"\(name)\" of \(place)", "is there twice; names in a graph are unique")
        }
        for name in constants { origins[name] = .outside }
        for (index, node) in nodes.enumerated() {
            for name in node.node.outputs where !name.isEmpty {
                guard let earlier = origins.updateValue(.node(index), forKey: name) else { continue }
                let maker =
                    switch earlier {
                    case .outside: "an input or a constant"
                    case .node(let index): nodes[index].node.place
                    }
                throw context.malformed(
                    node.node.place, "makes \"\(name)\", which \(maker) makes already; names in a graph are unique")
            }
        }
        return origins
    }

    private func order(_ dependencies: [[Int]], of nodes: [BuiltNode]) throws(ImportError) -> [Int] {
        switch TopologicalOrder.sort(dependencies) {
        case .sorted(let order): return order
        case .cycle(let indices):
            let shown = indices.prefix(6).map { "\"\(nodes[$0].node.name)\"" }.joined(separator: " → ")
            let rest = indices.count > 6 ? " → … (\(indices.count) nodes)" : ""
            throw context.malformed(
                place, "has a cycle: \(shown)\(rest) → \"\(nodes[indices[0]].node.name)\"; a node cannot wait for itself")
        }
    }
}
