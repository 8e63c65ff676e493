import GraphIR

/// Gives TensorFlow's functional control flow the engine's form: graphs of a node read what they need from around the node instead
/// of being handed it.
///
/// - All arguments of `If` and `Case` become names that the branches capture.
/// - Arguments of `While` that its body hands on unchanged become names that condition and body capture; they leave the loop's state,
///   so that weights are constants inside, and resources are known.
///
/// Runs after inlining, when functions have become graphs with names of their own.
enum ControlFlowLifting {
    /// `graph` with every control-flow node lifted, also those inside others.
    ///
    /// - Throws: `.malformed` where a node's inputs and the graphs' do not agree in number.
    static func lift(_ graph: SourceGraph, context: ImportContext) throws(ImportError) -> SourceGraph {
        var result = graph
        result.nodes = []
        result.nodes.reserveCapacity(graph.nodes.count)
        for var node in graph.nodes {
            guard !node.subgraphs.isEmpty else {
                result.nodes.append(node)
                continue
            }
            // Inner nodes first: what they pass through shows what their graph passes through.
            for (name, attribute) in node.attributes {
                switch attribute {
                case .graph(let inner): node.attributes[name] = .graph(try lift(inner, context: context))
                case .graphs(let list):
                    var lifted: [SourceGraph] = []
                    for inner in list { lifted.append(try lift(inner, context: context)) }
                    node.attributes[name] = .graphs(lifted)
                default: break
                }
            }
            switch node.operatorName {
            case "If", "StatelessIf", "Case", "StatelessCase": result.nodes += try BranchLifting(node, context).nodes
            case "While", "StatelessWhile": result.nodes += try LoopLifting(node, context).nodes
            default: result.nodes.append(node)
            }
        }
        return result
    }
}

/// An `If` or `Case` whose branches capture their arguments.
private struct BranchLifting {
    let nodes: [SourceNode]

    init(_ node: SourceNode, _ context: ImportContext) throws(ImportError) {
        let arguments = Array(node.inputs.dropFirst())
        var lifted = node
        lifted.inputs = Array(node.inputs.prefix(1))
        var branches: [SourceGraph] = []
        for (name, attribute) in node.attributes {
            switch attribute {
            case .graph(let graph):
                let branch = try graph.capturing(arguments, node: node, context)
                branches.append(branch)
                lifted.attributes[name] = .graph(branch)
            case .graphs(let graphs):
                var list: [SourceGraph] = []
                for graph in graphs { list.append(try graph.capturing(arguments, node: node, context)) }
                branches += list
                lifted.attributes[name] = .graphs(list)
            default: break
            }
        }
        var copies: [SourceNode] = []
        // An argument that every branch returns is the argument.
        let captured = branches.map(\.capturedOutputs)
        for (index, output) in lifted.outputs.enumerated() where !output.isEmpty {
            guard captured.allSatisfy({ index < $0.count }), let first = captured.first?[index] else { continue }
            guard captured.allSatisfy({ $0[index] == first }) else { continue }
            copies.append(.identity(first, output, name: "\(node.name)#passed\(index)"))
            lifted.outputs[index] = ""
        }
        nodes = [lifted] + copies
    }
}

/// A `While` without the arguments that do not change.
private struct LoopLifting {
    let nodes: [SourceNode]

    init(_ node: SourceNode, _ context: ImportContext) throws(ImportError) {
        guard case .graph(var condition)? = node.attributes["cond"], case .graph(var body)? = node.attributes["body"] else {
            throw context.malformed(node.place, "has no graphs for its condition and its body")
        }
        let count = node.inputs.count
        guard condition.inputs.count == count, body.inputs.count == count, body.outputs.count == count, node.outputs.count <= count
        else {
            throw context.malformed(
                node.place,
                "has \(count) inputs; its condition takes \(condition.inputs.count), its body takes \(body.inputs.count) and gives \(body.outputs.count)"
            )
        }
        let origins = body.origins
        let isFixed = (0..<count).map { index in
            origins[body.outputs[index].name, default: body.outputs[index].name] == body.inputs[index].name
        }
        guard isFixed.contains(true) else {
            nodes = [node]
            return
        }
        var fixed: [String: String] = [:]
        for index in 0..<count where isFixed[index] {
            fixed[condition.inputs[index].name] = node.inputs[index]
            fixed[body.inputs[index].name] = node.inputs[index]
        }
        func changing<Element>(_ list: [Element]) -> [Element] { zip(list, isFixed).filter { !$1 }.map(\.0) }
        var lifted = node
        lifted.inputs = changing(node.inputs)
        lifted.outputs = changing(node.outputs)
        condition.inputs = changing(condition.inputs)
        body.inputs = changing(body.inputs)
        body.outputs = changing(body.outputs)
        condition.renameReads(fixed)
        body.renameReads(fixed)
        lifted.attributes["cond"] = .graph(condition)
        lifted.attributes["body"] = .graph(body)
        lifted.attributes["T"] = nil
        lifted.attributes["output_shapes"] = nil
        let passed = node.outputs.indices.filter { isFixed[$0] && !node.outputs[$0].isEmpty }.map { index in
            SourceNode.identity(node.inputs[index], node.outputs[index], name: "\(node.name)#passed\(index)")
        }
        nodes = [lifted] + passed
    }
}

extension SourceNode {
    fileprivate static func identity(_ input: String, _ output: String, name: String) -> SourceNode {
        SourceNode(name: name, operatorName: "Identity", version: 0, inputs: [input], outputs: [output])
    }
}

extension SourceGraph {
    /// The graph reading `arguments` from around it where it read its inputs.
    fileprivate func capturing(
        _ arguments: [String], node: SourceNode, _ context: ImportContext
    ) throws(ImportError) -> SourceGraph {
        guard inputs.count == arguments.count else {
            throw context.malformed(node.place, "hands its branch \(arguments.count) values, the branch takes \(inputs.count)")
        }
        var graph = self
        graph.renameReads(Dictionary(zip(inputs.map(\.name), arguments)) { first, _ in first })
        graph.inputs = []
        return graph
    }

    /// Reads of the names that are keys become reads of their values, also in graphs inside nodes.
    mutating func renameReads(_ names: [String: String]) {
        guard !names.isEmpty else { return }
        outputs = outputs.map { SourceValue(name: names[$0.name] ?? $0.name, type: $0.type) }
        nodes = nodes.map { $0.renamingReads(names) }
    }

    /// For each value that an `Identity` gives, the value that it stands for.
    fileprivate var origins: [String: String] {
        var origins: [String: String] = [:]
        for node in nodes where node.operatorName == "Identity" || node.operatorName == "IdentityN" {
            for (input, output) in zip(node.inputs, node.outputs) where !output.isEmpty { origins[output] = origins[input] ?? input }
        }
        return origins
    }

    /// For each output the name from around the graph that it is; nil where the graph makes it.
    fileprivate var capturedOutputs: [String?] {
        let origins = origins, made = madeNames
        return outputs.map { output in
            let name = origins[output.name] ?? output.name
            return made.contains(name) ? nil : name
        }
    }
}

extension SourceNode {
    func renamingReads(_ names: [String: String]) -> SourceNode {
        guard !names.isEmpty else { return self }
        var node = self
        node.inputs = inputs.map { names[$0] ?? $0 }
        for (name, attribute) in attributes {
            switch attribute {
            case .graph(var graph):
                graph.renameReads(names)
                node.attributes[name] = .graph(graph)
            case .graphs(let graphs):
                node.attributes[name] = .graphs(
                    graphs.map { graph in
                        var graph = graph
                        graph.renameReads(names)
                        return graph
                    })
            default: break
            }
        }
        return node
    }
}
