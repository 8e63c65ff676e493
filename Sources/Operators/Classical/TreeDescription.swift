import GraphIR

/// An ensemble of decision trees as its attributes list it, before anything is checked.
struct TreeDescription: Sendable {
    /// How a node compares a feature with its threshold. Comparisons with NaN are false, but for `notEqual`.
    enum Comparison: UInt8, Sendable {
        case lessOrEqual, less, greaterOrEqual, greater, equal, notEqual
        /// Whether the feature is in the node's set.
        case member
    }

    enum Kind: Sendable {
        case branch(Comparison)
        case leaf
    }

    struct Node: Sendable {
        var kind: Kind
        var feature: Int
        var threshold: Double
        /// Whether a missing (NaN) feature counts as true.
        var tracksMissing: Bool
        /// Positions in `nodes`.
        var whenTrue: Int
        var whenFalse: Int
        var members: [Double] = []
        /// Of a leaf: what it adds to which output.
        var weights: [(output: Int, weight: Double)] = []

        var isBranch: Bool {
            if case .branch = kind { true } else { false }
        }
    }

    var nodes: [Node]
    /// The first node of each tree.
    var roots: [Int]
    /// Whether thresholds and weights are given in binary64.
    var isDouble: Bool
}

extension TreeDescription {
    /// Reads the node lists of TreeEnsembleClassifier and TreeEnsembleRegressor.
    ///
    /// - Parameter prefix: of the leaves' attributes, `class` or `target`.
    init(_ reader: AttributeReader, leaves prefix: String, outputCount: Int) throws(OperatorError) {
        let lists = try NodeLists(reader)
        var positions: [TreeNodeKey: Int] = [:]
        for index in lists.keys.indices {
            guard positions.updateValue(index, forKey: lists.keys[index]) == nil else {
                throw .invalidAttribute(name: "nodes_nodeids", reason: "lists \(lists.keys[index]) twice")
            }
        }
        nodes = []
        nodes.reserveCapacity(lists.keys.count)
        for index in lists.keys.indices { nodes.append(try lists.node(index, positions)) }
        isDouble = lists.isDouble
        roots = []
        roots = try Self.roots(of: nodes, keys: lists.keys)
        try addWeights(reader, prefix, positions, outputCount)
    }

    /// The first node of each tree, as listed; where that one is another's child, the first branch that is nobody's.
    private static func roots(of nodes: [Node], keys: [TreeNodeKey]) throws(OperatorError) -> [Int] {
        var isChild = [Bool](repeating: false, count: nodes.count)
        for node in nodes {
            guard case .branch = node.kind else { continue }
            isChild[node.whenTrue] = true
            isChild[node.whenFalse] = true
        }
        var trees: [Int] = []
        var rootOfTree: [Int: Int] = [:]
        var isFound: Set<Int> = []
        for (index, key) in keys.enumerated() {
            let isFirst = rootOfTree[key.tree] == nil
            if isFirst { trees.append(key.tree) }
            if isFirst || !isFound.contains(key.tree) && !isChild[index] && nodes[index].isBranch {
                rootOfTree[key.tree] = index
                if !isChild[index] { isFound.insert(key.tree) }
            }
        }
        if let lost = trees.first(where: { !isFound.contains($0) }) {
            throw .invalidValue("tree \(lost) has no root: every branch is another's child, so they form a circle")
        }
        return trees.compactMap { rootOfTree[$0] }
    }

    private mutating func addWeights(
        _ reader: AttributeReader, _ prefix: String, _ positions: [TreeNodeKey: Int], _ outputCount: Int
    ) throws(OperatorError) {
        let trees = try reader.integers("\(prefix)_treeids") ?? []
        let identifiers = try reader.integers("\(prefix)_nodeids") ?? []
        let outputs = try reader.integers("\(prefix)_ids") ?? []
        let weights = try reader.numbers("\(prefix)_weights") ?? ([], false)
        isDouble = isDouble || weights.isDouble
        guard trees.count == identifiers.count, trees.count == outputs.count, trees.count == weights.values.count else {
            throw .invalidValue(
                "has \(trees.count) \(prefix)_treeids, \(identifiers.count) \(prefix)_nodeids, \(outputs.count) "
                    + "\(prefix)_ids and \(weights.values.count) \(prefix)_weights; the counts must be equal"
            )
        }
        for index in trees.indices {
            let key = TreeNodeKey(tree: trees[index], node: identifiers[index])
            guard let position = positions[key] else {
                throw .invalidAttribute(name: "\(prefix)_nodeids", reason: "names \(key), which does not exist")
            }
            guard (0..<outputCount).contains(outputs[index]) else {
                throw .invalidAttribute(name: "\(prefix)_ids", reason: "has \(outputs[index]), expected 0 to \(outputCount - 1)")
            }
            nodes[position].weights.append((outputs[index], weights.values[index]))
        }
    }
}

/// How the older operators name a node.
struct TreeNodeKey: Hashable, CustomStringConvertible {
    let tree: Int
    let node: Int
    var description: String { "node \(node) of tree \(tree)" }
}

/// The attributes nodes_…, found to be of one length.
private struct NodeLists {
    let keys: [TreeNodeKey]
    let isDouble: Bool
    private let modes: [String]
    private let features: [Int]
    private let thresholds: [Double]
    private let whenTrue: [Int]
    private let whenFalse: [Int]
    private let tracksMissing: [Int]

    init(_ reader: AttributeReader) throws(OperatorError) {
        let trees = try reader.integers("nodes_treeids") ?? [], nodes = try reader.integers("nodes_nodeids") ?? []
        let count = nodes.count
        modes = try reader.strings("nodes_modes") ?? []
        features = try reader.integers("nodes_featureids") ?? []
        let thresholds = try reader.numbers("nodes_values") ?? ([], false)
        self.thresholds = thresholds.values
        isDouble = thresholds.isDouble
        whenTrue = try reader.integers("nodes_truenodeids") ?? []
        whenFalse = try reader.integers("nodes_falsenodeids") ?? []
        let missing = try reader.integers("nodes_missing_value_tracks_true") ?? []
        tracksMissing = missing.isEmpty ? [Int](repeating: 0, count: count) : missing
        let lengths = [
            ("nodes_treeids", trees.count), ("nodes_modes", modes.count), ("nodes_featureids", features.count),
            ("nodes_values", self.thresholds.count), ("nodes_truenodeids", whenTrue.count),
            ("nodes_falsenodeids", whenFalse.count), ("nodes_missing_value_tracks_true", tracksMissing.count),
        ]
        for (name, length) in lengths where length != count {
            throw .invalidAttribute(name: name, reason: "has \(length) entries, expected \(count) as nodes_nodeids")
        }
        guard count > 0 else { throw .invalidAttribute(name: "nodes_nodeids", reason: "is empty, expected at least one node") }
        keys = zip(trees, nodes).map { TreeNodeKey(tree: $0, node: $1) }
    }

    func node(_ index: Int, _ positions: [TreeNodeKey: Int]) throws(OperatorError) -> TreeDescription.Node {
        let kind: TreeDescription.Kind =
            switch modes[index] {
            case "BRANCH_LEQ": .branch(.lessOrEqual)
            case "BRANCH_LT": .branch(.less)
            case "BRANCH_GTE": .branch(.greaterOrEqual)
            case "BRANCH_GT": .branch(.greater)
            case "BRANCH_EQ": .branch(.equal)
            case "BRANCH_NEQ": .branch(.notEqual)
            case "LEAF": .leaf
            default:
                throw .invalidAttribute(name: "nodes_modes", reason: "has \"\(modes[index])\", expected a BRANCH_ mode or LEAF")
            }
        var node = TreeDescription.Node(
            kind: kind, feature: features[index], threshold: thresholds[index],
            tracksMissing: tracksMissing[index] != 0, whenTrue: 0, whenFalse: 0)
        guard case .branch = kind else { return node }
        guard node.feature >= 0 else {
            throw .invalidAttribute(name: "nodes_featureids", reason: "has \(node.feature) at \(keys[index])")
        }
        node.whenTrue = try child(index, whenTrue, "nodes_truenodeids", positions)
        node.whenFalse = try child(index, whenFalse, "nodes_falsenodeids", positions)
        return node
    }

    private func child(
        _ index: Int, _ list: [Int], _ name: String, _ positions: [TreeNodeKey: Int]
    ) throws(OperatorError) -> Int {
        let key = TreeNodeKey(tree: keys[index].tree, node: list[index])
        guard let position = positions[key] else {
            throw .invalidAttribute(name: name, reason: "sends \(keys[index]) to \(key), which does not exist")
        }
        return position
    }
}
