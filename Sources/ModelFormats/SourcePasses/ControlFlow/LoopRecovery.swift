import GraphIR

/// Finds the loops of TensorFlow 1 graphs (frames) and makes a `While` node of each, inner ones first.
///
/// A loop variable is `Enter → Merge → Switch → (Exit | body → NextIteration → Merge)`; all Switches of a frame read its LoopCond. A
/// constant Enter, and one that no Merge reads, is a name from around the loop.
struct LoopRecovery {
    private var nodes: [SourceNode]
    private let place: ControlFlowPlace
    /// By node: the frames around it, outermost first.
    private var frames: [[String]]

    init(_ nodes: [SourceNode], _ place: ControlFlowPlace) {
        self.nodes = nodes
        self.place = place
        frames = Self.frames(of: nodes)
    }

    /// The nodes without frames; conditions are left as they are.
    mutating func recovered() throws(ImportError) -> [SourceNode] {
        for (position, frame) in frames.enumerated() { try place.checkDepth(frame.count, nodes[position]) }
        let found = Set(frames.filter { !$0.isEmpty })
        for frame in found.sorted(by: { ($0.count, $1.joined()) > ($1.count, $0.joined()) }) { try collapse(frame) }
        return nodes
    }

    /// A node lies in the deepest frame that it reads from; Enter leads into a frame, Exit out of it.
    private static func frames(of nodes: [SourceNode]) -> [[String]] {
        let table = NodeTable(nodes)
        var consumers = [[Int]](repeating: [], count: nodes.count)
        for (position, node) in nodes.enumerated() { for source in table.sources(of: node) { consumers[source].append(position) } }
        var frames = [[String]](repeating: [], count: nodes.count)
        /// Frames of the node's outputs.
        func outside(_ position: Int) -> [String] {
            nodes[position].controlFlowKind == .exit ? Array(frames[position].dropLast()) : frames[position]
        }
        var waiting: [Int] = []
        for (position, node) in nodes.enumerated() where node.controlFlowKind == .enter {
            if case .string(let name)? = node.attributes["frame_name"] { frames[position] = [name] }
            waiting.append(position)
        }
        while let position = waiting.popLast() {
            let given = outside(position)
            for consumer in consumers[position] {
                var own = given
                if nodes[consumer].controlFlowKind == .enter, case .string(let name)? = nodes[consumer].attributes["frame_name"] {
                    // A loop that hands its own Enter a value of its frame would nest without end.
                    if own.contains(name) { continue }
                    own.append(name)
                }
                guard own.count > frames[consumer].count, own.count <= ControlFlowPlace.maximumDepth + 1 else { continue }
                frames[consumer] = own
                waiting.append(consumer)
            }
        }
        return frames
    }

    /// One loop variable.
    private struct Variable {
        let enter: SourceNode
        let merge: SourceNode
        var next: SourceNode?
        var exits: [SourceNode] = []
    }

    private mutating func collapse(_ frame: [String]) throws(ImportError) {
        let table = NodeTable(nodes)
        let inside = nodes.indices.filter { frames[$0] == frame }
        guard let conditionNode = inside.map({ nodes[$0] }).first(where: { $0.controlFlowKind == .loopCondition }) else {
            let node = inside.map { nodes[$0] }.first { $0.controlFlowKind == .enter } ?? nodes[inside[0]]
            throw place.unsupported(node, "is a loop without a condition, which is not supported")
        }
        var variables = try variables(inside, table)
        // Names of the loop's own nodes that stand for others: a Switch's second output and a Merge are the variable's value in a
        // round, a constant Enter is what it reads.
        var names: [String: String] = [:]
        for position in inside where nodes[position].controlFlowKind == .enter {
            let enter = nodes[position]
            guard let input = enter.inputs.first else { throw place.malformed(enter, "reads nothing") }
            names[enter.output(0)] = input
        }
        for position in inside {
            let node = nodes[position]
            switch node.controlFlowKind {
            case .switch? where table.reads(node, 1, conditionNode, nodes):
                guard let merge = node.inputs.first.flatMap({ table.makers[$0] }),
                    let variable = variables.firstIndex(where: { $0.merge.name == nodes[merge].name })
                else { throw place.unsupported(node, "switches on the loop's condition what is no loop variable, which is not supported") }
                names[node.output(1)] = variables[variable].merge.output(0)
                for exit in inside.map({ nodes[$0] }) where exit.controlFlowKind == .exit && exit.inputs.first == node.output(0) {
                    variables[variable].exits.append(exit)
                }
            default: break
            }
        }
        let members = Set(inside.filter { isOwn(nodes[$0], conditionNode, table) }).subtracting([table.positions[conditionNode.name] ?? -1])
        let condition = try graph(
            "\(frame.last ?? "")/cond", outputs: conditionNode.inputs, variables, members, names, table)
        let body = try graph(
            "\(frame.last ?? "")/body", outputs: variables.map { $0.next?.inputs.first ?? $0.merge.output(0) }, variables, members, names,
            table, controls: variables.flatMap { $0.next?.controls ?? [] })
        let exits = inside.filter { nodes[$0].controlFlowKind == .exit }
        let found = variables.reduce(0) { $0 + $1.exits.count }
        guard found == exits.count else {
            throw place.unsupported(nodes[exits[0]], "leaves a loop with what is no loop variable, which is not supported")
        }
        replace(inside, frame, variables, condition: condition, body: body, conditionNode)
    }

    private func variables(_ inside: [Int], _ table: NodeTable) throws(ImportError) -> [Variable] {
        var variables: [Variable] = []
        for position in inside where nodes[position].controlFlowKind == .merge {
            let merge = nodes[position]
            let sources = merge.inputs.compactMap { table.makers[$0] }.map { nodes[$0] }
            guard sources.contains(where: { $0.controlFlowKind == .nextIteration || $0.controlFlowKind == .enter }) else { continue }
            guard let enter = sources.first(where: { $0.controlFlowKind == .enter }) else {
                throw place.unsupported(merge, "is a loop variable without a beginning, which is not supported")
            }
            variables.append(Variable(enter: enter, merge: merge, next: sources.first { $0.controlFlowKind == .nextIteration }))
        }
        return variables
    }

    /// Whether the node computes something in a round, rather than being part of the loop's frame.
    private func isOwn(_ node: SourceNode, _ conditionNode: SourceNode, _ table: NodeTable) -> Bool {
        switch node.controlFlowKind {
        case .enter?, .exit?, .nextIteration?, .loopCondition?: false
        case .switch?: !table.reads(node, 1, conditionNode, nodes)
        case .merge?:
            !node.inputs.contains { name in
                table.makers[name].map { nodes[$0].controlFlowKind == .nextIteration || nodes[$0].controlFlowKind == .enter } ?? false
            }
        case .trigger?, nil: true
        }
    }

    /// The graph of the members that `outputs` need.
    private func graph(
        _ name: String, outputs: [String], _ variables: [Variable], _ members: Set<Int>, _ names: [String: String], _ table: NodeTable,
        controls: [String] = []
    ) throws(ImportError) -> SourceGraph {
        var needed: Set<Int> = []
        var waiting = (outputs.compactMap { table.makers[$0] } + controls.compactMap { table.positions[$0] }).filter(members.contains)
        while let position = waiting.popLast() {
            guard needed.insert(position).inserted else { continue }
            waiting += table.sources(of: nodes[position]).filter(members.contains)
        }
        let list = needed.sorted()
        let kept = Set(list.map { nodes[$0].name })
        let own = list.map { position in
            var node = nodes[position].renamingReads(names)
            node.controls = node.controls.filter(kept.contains)
            return node
        }
        var graph = SourceGraph(name: name, dialect: .tensorFlow)
        graph.inputs = variables.map { SourceValue(name: $0.merge.output(0), type: nil as ValueType?) }
        graph.outputs = outputs.map { SourceValue(name: names[$0] ?? $0, type: nil as ValueType?) }
        graph.nodes = try ConditionRecovery.recover(in: own, place)
        return graph
    }

    private mutating func replace(
        _ inside: [Int], _ frame: [String], _ variables: [Variable], condition: SourceGraph, body: SourceGraph,
        _ conditionNode: SourceNode
    ) {
        var name = "\(frame.last ?? "loop")/while"
        let taken = Set(nodes.map(\.name))
        while taken.contains(name) { name += "_" }
        let removed = Set(inside)
        let outside = Set(nodes.indices.filter { !removed.contains($0) }.map { nodes[$0].name })
        let removedNames = Set(inside.map { nodes[$0].name })
        var controls: [String] = []
        for position in inside { for control in nodes[position].controls where outside.contains(control) { controls.append(control) } }
        let loop = SourceNode(
            name: name, operatorName: "While", version: 0, inputs: variables.map { $0.enter.inputs.first ?? "" },
            outputs: variables.map { $0.exits.first?.output(0) ?? "" },
            attributes: ["cond": .graph(condition), "body": .graph(body)], controls: Array(Set(controls)).sorted())
        var kept: [SourceNode] = []
        var keptFrames: [[String]] = []
        for position in nodes.indices where !removed.contains(position) {
            var node = nodes[position]
            if !removedNames.isDisjoint(with: node.controls) {
                node.controls = node.controls.filter { !removedNames.contains($0) } + [name]
            }
            kept.append(node)
            keptFrames.append(frames[position])
        }
        kept.append(loop)
        keptFrames.append(Array(frame.dropLast()))
        // A variable that several Exits read has one name more for each.
        for variable in variables {
            for exit in variable.exits.dropFirst() {
                kept.append(
                    SourceNode(
                        name: exit.name, operatorName: "Identity", version: 0, inputs: [variable.exits[0].output(0)],
                        outputs: [exit.output(0)]))
                keptFrames.append(Array(frame.dropLast()))
            }
        }
        (nodes, frames) = (kept, keptFrames)
    }
}

extension NodeTable {
    /// Whether input `index` of `node` is the loop's condition.
    fileprivate func reads(_ node: SourceNode, _ index: Int, _ conditionNode: SourceNode, _ nodes: [SourceNode]) -> Bool {
        guard index < node.inputs.count else { return false }
        return makers[node.inputs[index]].map { nodes[$0].name == conditionNode.name } ?? false
    }
}
