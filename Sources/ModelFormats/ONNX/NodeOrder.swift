import GraphIR

/// Checks the names of one graph and orders its nodes so that each comes after those it reads from.
struct NodeOrder {
    let session: ImportSession
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

    /// ONNX demands single assignment: inputs, initialisers and node outputs of a graph have names of their own.
    func order(
        _ nodes: [GraphBuilder.BuiltNode], inputs: [String], constants: [String], outputs: [String]
    ) throws(ImportError) -> Result {
        let origins = try origins(nodes, inputs: inputs, constants: constants)
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
            for name in node.node.inputs where !name.isEmpty { note(name, reader: node.place) }
            for (name, reader) in node.captures { note(name, reader: reader) }
            dependencies.append(sources)
        }
        for name in outputs {
            read.insert(name)
            if origins[name] == nil { captures[name] = "graph output \"\(name)\"" }
        }
        let order = try order(dependencies, of: nodes)
        return Result(nodes: order.map { nodes[$0].node }, captures: captures, read: read)
    }

    private func origins(
        _ nodes: [GraphBuilder.BuiltNode], inputs: [String], constants: [String]
    ) throws(ImportError) -> [String: Origin] {
        var origins: [String: Origin] = [:]
        for name in inputs where origins.updateValue(.outside, forKey: name) != nil {
            throw session.malformed("graph input \"\(name)\"", "is there twice; names in a graph are unique")
        }
        for name in constants { origins[name] = .outside }
        for (index, node) in nodes.enumerated() {
            for name in node.node.outputs where !name.isEmpty {
                guard let earlier = origins.updateValue(.node(index), forKey: name) else { continue }
                let maker =
                    switch earlier {
                    case .outside: "a graph input or initializer"
                    case .node(let index): nodes[index].place
                    }
                throw session.malformed(
                    node.place, "makes \"\(name)\", which \(maker) makes already; names in a graph are unique")
            }
        }
        return origins
    }

    private func order(_ dependencies: [[Int]], of nodes: [GraphBuilder.BuiltNode]) throws(ImportError) -> [Int] {
        switch TopologicalOrder.sort(dependencies) {
        case .sorted(let order): return order
        case .cycle(let indices):
            let shown = indices.prefix(6).map { "\"\(nodes[$0].node.name)\"" }.joined(separator: " → ")
            let rest = indices.count > 6 ? " → … (\(indices.count) nodes)" : ""
            throw session.malformed(
                place, "has a cycle: \(shown)\(rest) → \"\(nodes[indices[0]].node.name)\"; a node cannot wait for itself")
        }
    }
}
