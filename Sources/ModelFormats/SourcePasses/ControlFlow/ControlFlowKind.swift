import GraphIR

/// The nodes that TensorFlow 1 makes control flow of; forms that pass references mean the same.
enum ControlFlowKind: String {
    case `switch` = "Switch"
    case merge = "Merge"
    case enter = "Enter"
    case exit = "Exit"
    case nextIteration = "NextIteration"
    case loopCondition = "LoopCond"
    case trigger = "ControlTrigger"
}

extension SourceNode {
    var controlFlowKind: ControlFlowKind? {
        guard domain.isEmpty else { return nil }
        return ControlFlowKind(rawValue: operatorName.hasPrefix("Ref") ? String(operatorName.dropFirst(3)) : operatorName)
    }
}

extension ControlFlowLifting {
    /// The nodes with `If` and `While` in the place of Switch, Merge, Enter, Exit, NextIteration and LoopCond, in an order in which
    /// they can run.
    ///
    /// - Parameters:
    ///   - nodes: those that are needed, in any order; values are called `node:output`.
    ///   - constants: for each constant that waits for nodes, which: it belongs to their branch or loop.
    /// - Throws: `.unsupported` for what is neither a condition nor a loop as `tf.cond` and `tf.while_loop` make them.
    static func functionalize(
        nodes: [SourceNode], constants: [String: [String]] = [:], path: String = ""
    ) throws(ImportError) -> [SourceNode] {
        guard nodes.contains(where: { $0.controlFlowKind != nil }) else { return nodes }
        let place = ControlFlowPlace(path: path)
        try place.check(nodes)
        let anchors = constants.sorted { $0.key < $1.key }.map { SourceNode.anchor(of: $0.key, controls: $0.value) }
        var loops = LoopRecovery(nodes + anchors, place)
        let recovered = try ConditionRecovery.recover(in: try loops.recovered(), place)
        return anchors.isEmpty ? recovered : recovered.withoutAnchors(Set(constants.keys))
    }
}

extension SourceNode {
    fileprivate static let anchorName = "#Const"

    /// Stands for a constant while branches and loops are found.
    fileprivate static func anchor(of constant: String, controls: [String]) -> SourceNode {
        SourceNode(
            name: constant, operatorName: anchorName, version: 0, inputs: [], outputs: ["\(constant):0"], controls: controls)
    }
}

extension [SourceNode] {
    fileprivate func withoutAnchors(_ names: Set<String>) -> [SourceNode] {
        compactMap { node in
            guard node.operatorName != SourceNode.anchorName else { return nil }
            var node = node
            node.controls.removeAll { names.contains($0) }
            for (name, attribute) in node.attributes {
                guard case .graph(var graph) = attribute else { continue }
                graph.nodes = graph.nodes.withoutAnchors(names)
                node.attributes[name] = .graph(graph)
            }
            return node
        }
    }
}

/// What refusals need.
struct ControlFlowPlace {
    let path: String

    /// Conditions and loops inside one another.
    static let maximumDepth = 64
    /// Each condition and each loop is a walk over all nodes.
    private static let maximumWork = 5_000_000

    func check(_ nodes: [SourceNode]) throws(ImportError) {
        let count = nodes.count { $0.controlFlowKind == .merge }
        let (work, overflow) = count.multipliedReportingOverflow(by: nodes.count)
        guard !overflow, work <= Self.maximumWork || count <= 64 else {
            throw .limitExceeded(
                path: path, place: "the graph", quantity: "joined conditions and loop variables", found: count,
                limit: Self.maximumWork / max(nodes.count, 1))
        }
    }

    func checkDepth(_ depth: Int, _ node: SourceNode) throws(ImportError) {
        guard depth <= Self.maximumDepth else {
            throw .limitExceeded(
                path: path, place: node.place, quantity: "conditions and loops around it", found: depth, limit: Self.maximumDepth)
        }
    }

    func unsupported(_ node: SourceNode, _ feature: String) -> ImportError {
        .unsupported(path: path, place: node.place, feature: feature)
    }

    func malformed(_ node: SourceNode, _ reason: String) -> ImportError {
        .malformed(path: path, place: node.place, reason: reason)
    }
}

extension SourceNode {
    /// The value that output `index` of the node is called, whether or not the node lists it.
    func output(_ index: Int) -> String { index < outputs.count && !outputs[index].isEmpty ? outputs[index] : "\(name):\(index)" }
}

/// Nodes of one graph by what they make and by name.
struct NodeTable {
    let makers: [String: Int]
    let positions: [String: Int]

    init(_ nodes: [SourceNode]) {
        var makers: [String: Int] = [:]
        var positions: [String: Int] = [:]
        for (position, node) in nodes.enumerated() {
            positions[node.name] = position
            for (index, output) in node.outputs.enumerated() where !output.isEmpty {
                makers[output] = position
                // A reader may use the canonical name of an output that is listed under another.
                if makers["\(node.name):\(index)"] == nil { makers["\(node.name):\(index)"] = position }
            }
            switch node.controlFlowKind {
            case .switch?, .merge?:
                for index in 0..<2 { makers["\(node.name):\(index)"] = position }
            case .enter?, .exit?, .nextIteration?, .loopCondition?: makers["\(node.name):0"] = position
            case .trigger?, nil: break
            }
        }
        self.makers = makers
        self.positions = positions
    }

    /// Nodes that must run before `node`, as far as they are in the table.
    func sources(of node: SourceNode) -> [Int] {
        node.readNames.compactMap { makers[$0] } + node.controls.compactMap { positions[$0] }
    }
}
