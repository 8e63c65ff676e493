import GraphIR
import Tensors

/// Finds the conditions of TensorFlow 1 graphs and makes `If` nodes of them, inner ones first.
///
/// A value behind a Switch exists only when the Switch's predicate has one value; so does all that is computed from it: these are the
/// value's *guards*. A Merge joins two values whose guards differ in the value of one predicate: it is an output of an `If`, whose
/// branches are the nodes that these values need and that have the guard.
struct ConditionRecovery {
    /// The predicate, and the value that it must have.
    private struct Guard: Hashable {
        let predicate: String
        let isTrue: Bool
    }

    private var nodes: [SourceNode]
    private let place: ControlFlowPlace
    /// Nodes that others of the graph read or wait for before anything is changed.
    private let used: Set<String>

    /// The nodes of one graph without Switch and Merge, in an order in which they can run. Loops must be gone.
    static func recover(in nodes: [SourceNode], _ place: ControlFlowPlace) throws(ImportError) -> [SourceNode] {
        var recovery = ConditionRecovery(nodes: nodes, place: place)
        try recovery.sort()
        while try recovery.collapseInnermost() {}
        if let rest = recovery.nodes.first(where: { $0.controlFlowKind == .switch }) {
            throw place.unsupported(rest, "leads to outputs of the model that no Merge joins, which is not supported")
        }
        for index in recovery.nodes.indices where recovery.nodes[index].controlFlowKind == .trigger {
            recovery.nodes[index].operatorName = "NoOp"
        }
        return recovery.nodes
    }

    private init(nodes: [SourceNode], place: ControlFlowPlace) {
        self.nodes = nodes
        self.place = place
        let (read, waitedFor) = Self.uses(of: nodes)
        used = Set(nodes.filter { $0.isUsed(read, waitedFor) }.map(\.name))
    }

    /// Values that nodes read, and nodes that others wait for by name.
    private static func uses(of nodes: [SourceNode]) -> (read: Set<String>, waitedFor: Set<String>) {
        nodes.reduce(into: ([], [])) { uses, node in
            uses.0.formUnion(node.readNames)
            uses.1.formUnion(node.controls)
        }
    }

    private mutating func sort() throws(ImportError) {
        let table = NodeTable(nodes)
        switch TopologicalOrder.sort(nodes.map(table.sources)) {
        case .sorted(let order): nodes = order.map { nodes[$0] }
        case .cycle(let indices): throw place.malformed(nodes[indices[0]], "waits for itself")
        }
    }

    /// The predicate that `name` is, seen through copies.
    private func predicate(_ name: String, _ table: NodeTable) -> String {
        var name = name
        while let maker = table.makers[name], nodes[maker].operatorName == "Identity", let input = nodes[maker].inputs.first {
            name = input
        }
        return name
    }

    /// Which Merge may be collapsed: those of the deepest guards, that belong to one condition.
    private struct Group: Hashable {
        let predicate: String
        let around: Set<Guard>
        /// Merges of the same condition before it, one leading to the next.
        let level: Int
    }

    /// - Returns: whether there was a Merge.
    private mutating func collapseInnermost() throws(ImportError) -> Bool {
        guard nodes.contains(where: { $0.controlFlowKind == .merge }) else { return false }
        let table = NodeTable(nodes)
        let (guards, values) = try guards(table)
        var groups: [Group: [Int]] = [:]
        var levels = [[String: Int]](repeating: [:], count: nodes.count)
        for position in nodes.indices {
            var reached: [String: Int] = [:]
            for source in table.sources(of: nodes[position]) { reached.merge(levels[source], uniquingKeysWith: max) }
            if nodes[position].controlFlowKind == .merge, let (key, around) = joined(nodes[position], values) {
                let level = reached[key, default: 0]
                groups[Group(predicate: key, around: around, level: level), default: []].append(position)
                reached[key] = level + 1
            }
            levels[position] = reached
        }
        guard
            let (group, merges) = groups.max(by: {
                ($0.key.around.count, $1.key.level, $1.value[0]) < ($1.key.around.count, $0.key.level, $0.value[0])
            })
        else {
            let merge = nodes.first { $0.controlFlowKind == .merge }!
            throw place.unsupported(merge, "joins values that are not the two sides of one condition, which is not supported")
        }
        try collapse(group, merges, guards, values, table)
        return true
    }

    /// By node and by value of a Switch: when it exists. Nodes stand in order.
    private func guards(_ table: NodeTable) throws(ImportError) -> (nodes: [Set<Guard>], values: [String: Set<Guard>]) {
        var ofNode = [Set<Guard>](repeating: [], count: nodes.count)
        var ofValue: [String: Set<Guard>] = [:]
        for (position, node) in nodes.enumerated() {
            var own: Set<Guard> = []
            if node.controlFlowKind == .merge {
                own = joined(node, ofValue)?.around ?? []
            } else if node.controlFlowKind != .trigger {
                for name in node.readNames { own.formUnion(ofValue[name] ?? []) }
                for control in node.controls { if let source = table.positions[control] { own.formUnion(ofNode[source]) } }
            }
            try place.checkDepth(own.count, node)
            ofNode[position] = own
            if node.controlFlowKind == .switch {
                guard node.inputs.count == 2 else { throw place.malformed(node, "has \(node.inputs.count) inputs, expected 2") }
                let key = predicate(node.inputs[1], table)
                for index in 0..<2 {
                    ofValue[node.output(index)] = own.union([Guard(predicate: key, isTrue: index == 1)])
                }
            } else if !own.isEmpty {
                for output in node.outputs where !output.isEmpty { ofValue[output] = own }
            }
        }
        return (ofNode, ofValue)
    }

    /// The predicate whose two sides a Merge joins, and the guards of the condition itself.
    private func joined(_ merge: SourceNode, _ values: [String: Set<Guard>]) -> (predicate: String, around: Set<Guard>)? {
        guard merge.inputs.count == 2 else { return nil }
        let left = values[merge.inputs[0]] ?? [], right = values[merge.inputs[1]] ?? []
        let opposed = left.filter { right.contains(Guard(predicate: $0.predicate, isTrue: !$0.isTrue)) }
        guard opposed.count == 1, let side = opposed.first else { return nil }
        let around = left.intersection(right)
        // What else guards one side alone is a condition that is not joined yet.
        guard left.subtracting(around).count == 1, right.subtracting(around).count == 1 else { return nil }
        return (side.predicate, around)
    }

    private mutating func collapse(
        _ group: Group, _ merges: [Int], _ guards: [Set<Guard>], _ values: [String: Set<Guard>], _ table: NodeTable
    ) throws(ImportError) {
        var outputs: [String] = []
        var results: [Bool: [String]] = [:]
        var constants: [Bool: [(name: String, value: TensorValue)]] = [:]
        for position in merges {
            let merge = nodes[position]
            let isTrueFirst = values[merge.inputs[0]]?.contains(Guard(predicate: group.predicate, isTrue: true)) ?? false
            outputs.append(merge.output(0))
            results[isTrueFirst, default: []].append(merge.inputs[0])
            results[!isTrueFirst, default: []].append(merge.inputs[1])
            // Output 1 of a Merge is the number of the input that there was.
            guard isRead(merge.output(1)) else { continue }
            outputs.append(merge.output(1))
            for side in [true, false] {
                let number: Int32 = side == isTrueFirst ? 0 : 1
                let constant = "\(merge.name)#index/\(side ? "then" : "else"):0"
                constants[side, default: []].append((constant, .dense(Tensor(scalar: number))))
                results[side, default: []].append(constant)
            }
        }
        var removed = Set(merges)
        var branches: [Bool: SourceGraph] = [:]
        var controls: Set<String> = []
        for side in [true, false] {
            let own = Guard(predicate: group.predicate, isTrue: side)
            var branch = branch(own, results[side] ?? [], guards, table)
            branch.graph.name = "\(nodes[merges[0]].name)/\(side ? "then" : "else")"
            branch.graph.initializers += constants[side] ?? []
            branches[side] = branch.graph
            for position in branch.members.union(branch.switches) {
                let outer = nodes[position].controls.filter { name in
                    table.positions[name].map { !guards[$0].contains(own) && nodes[$0].controlFlowKind != .switch } ?? false
                }
                controls.formUnion(outer)
            }
            removed.formUnion(branch.members)
        }
        // What a Merge of a later condition needs too is computed in both.
        for position in nodes.indices.reversed() where !removed.contains(position) { removed.subtract(needed(by: position, table)) }
        let guarded = Set(nodes.indices.filter { !guards[$0].isEmpty }.map { nodes[$0].name })
        replace(group, removed: removed, merges: merges, outputs: outputs, branches: branches, controls: controls)
        dropUnread(guarded)
        try sort()
    }

    /// Everything but Merges that must run before the node.
    private func needed(by position: Int, _ table: NodeTable) -> [Int] {
        table.sources(of: nodes[position]).filter { nodes[$0].controlFlowKind != .merge }
    }

    private func isRead(_ name: String) -> Bool { nodes.contains { $0.readNames.contains(name) } }

    private struct Branch {
        var graph: SourceGraph
        var members: Set<Int> = []
        /// Through which it reads from around it.
        var switches: Set<Int> = []
    }

    /// The nodes that `results` need and that exist only with `own`; what they read through a Switch is what the Switch reads.
    private func branch(_ own: Guard, _ results: [String], _ guards: [Set<Guard>], _ table: NodeTable) -> Branch {
        var branch = Branch(graph: SourceGraph(name: "", dialect: .tensorFlow))
        var names: [String: String] = [:]
        var waiting = results.compactMap { table.makers[$0] }
        while let position = waiting.popLast() {
            let node = nodes[position]
            if node.controlFlowKind == .switch, predicate(node.inputs[1], table) == own.predicate {
                names[node.output(own.isTrue ? 1 : 0)] = node.inputs[0]
                guard branch.switches.insert(position).inserted else { continue }
                if let maker = table.makers[node.inputs[0]] { waiting.append(maker) }
                continue
            }
            guard guards[position].contains(own), branch.members.insert(position).inserted else { continue }
            waiting += table.sources(of: node)
        }
        let kept = Set(branch.members.map { nodes[$0].name })
        // A Switch may read another one of the same predicate.
        for key in names.keys { while let next = names[names[key] ?? ""] { names[key] = next } }
        branch.graph.nodes = branch.members.sorted().map { position in
            var node = nodes[position].renamingReads(names)
            node.controls = node.controls.filter(kept.contains)
            return node
        }
        branch.graph.outputs = results.map { SourceValue(name: names[$0] ?? $0, type: nil as ValueType?) }
        return branch
    }

    private mutating func replace(
        _ group: Group, removed: Set<Int>, merges: [Int], outputs: [String], branches: [Bool: SourceGraph], controls: Set<String>
    ) {
        let removedNames = Set(removed.map { nodes[$0].name })
        // Readers may wait for the Merge by name.
        let name = nodes[merges[0]].name
        let condition = SourceNode(
            name: name, operatorName: "If", version: 0, inputs: [group.predicate], outputs: outputs,
            attributes: [
                "then_branch": .graph(branches[true] ?? SourceGraph(name: "then", dialect: .tensorFlow)),
                "else_branch": .graph(branches[false] ?? SourceGraph(name: "else", dialect: .tensorFlow)),
            ],
            controls: controls.union(merges.flatMap { nodes[$0].controls }).subtracting(removedNames).sorted())
        var kept: [SourceNode] = []
        for (position, node) in nodes.enumerated() {
            if position == merges.last { kept.append(condition) }
            guard !removed.contains(position) else { continue }
            var node = node
            if !removedNames.isDisjoint(with: node.controls) {
                node.controls = node.controls.filter { !removedNames.contains($0) } + [name]
            }
            kept.append(node)
        }
        nodes = kept
    }

    /// Removes what belongs to conditions and has no reader any more.
    private mutating func dropUnread(_ guarded: Set<String>) {
        while true {
            let (read, waitedFor) = Self.uses(of: nodes)
            let kept = nodes.filter { node in
                let isDispensable = node.controlFlowKind == .switch || guarded.contains(node.name) && used.contains(node.name)
                return !isDispensable || node.isUsed(read, waitedFor)
            }
            if kept.count == nodes.count { return }
            nodes = kept
        }
    }
}

extension SourceNode {
    fileprivate func isUsed(_ read: Set<String>, _ waitedFor: Set<String>) -> Bool {
        waitedFor.contains(name) || (0..<max(outputs.count, 2)).contains { read.contains(output($0)) }
    }
}
