import GraphIR
import Tensors

extension TreeDescription {
    /// Reads the node lists of TreeEnsemble (ai.onnx.ml opset 5), where branches and leaves are listed apart.
    init(_ reader: AttributeReader, outputCount: Int) throws(OperatorError) {
        let lists = try EnsembleLists(reader, outputCount: outputCount)
        let branchCount = lists.branchCount
        nodes = []
        for index in 0..<branchCount { nodes.append(try lists.branch(index)) }
        for index in 0..<lists.leafCount { nodes.append(try lists.leaf(index)) }
        roots = lists.roots
        isDouble = lists.isDouble
    }
}

/// The attributes of TreeEnsemble, found to be of matching lengths.
private struct EnsembleLists {
    let roots: [Int]
    let isDouble: Bool
    private let features: [Int]
    private let modes: [Int]
    private let splits: [Double]
    private let whenTrue: [Int]
    private let whenFalse: [Int]
    private let trueIsLeaf: [Int]
    private let falseIsLeaf: [Int]
    private let tracksMissing: [Int]
    private let leafOutputs: [Int]
    private let leafWeights: [Double]
    /// The set of each branch that asks for membership, in order.
    private let sets: [Int: [Double]]
    private let outputCount: Int

    var branchCount: Int { features.count }
    var leafCount: Int { leafOutputs.count }

    init(_ reader: AttributeReader, outputCount: Int) throws(OperatorError) {
        self.outputCount = outputCount
        features = try reader.integers("nodes_featureids") ?? []
        let count = features.count
        guard let modes = try reader.tensor("nodes_modes")?.integers else {
            throw .invalidAttribute(name: "nodes_modes", reason: "is missing, expected a tensor of uint8")
        }
        guard let splits = try reader.tensor("nodes_splits"), let weights = try reader.tensor("leaf_weights") else {
            throw .invalidAttribute(name: "nodes_splits and leaf_weights", reason: "must be given")
        }
        self.modes = modes
        let splitNumbers = try splits.numbers(attribute: "nodes_splits")
        self.splits = splitNumbers.values
        isDouble = splitNumbers.isDouble
        leafWeights = try weights.numbers(attribute: "leaf_weights").values
        leafOutputs = try reader.integers("leaf_targetids") ?? []
        whenTrue = try reader.integers("nodes_truenodeids") ?? []
        whenFalse = try reader.integers("nodes_falsenodeids") ?? []
        trueIsLeaf = try reader.integers("nodes_trueleafs") ?? []
        falseIsLeaf = try reader.integers("nodes_falseleafs") ?? []
        tracksMissing = try reader.integers("nodes_missing_value_tracks_true") ?? [Int](repeating: 0, count: count)
        roots = try reader.integers("tree_roots") ?? []
        sets = try Self.sets(reader, modes)
        let lengths = [
            ("nodes_modes", modes.count), ("nodes_splits", self.splits.count), ("nodes_truenodeids", whenTrue.count),
            ("nodes_falsenodeids", whenFalse.count), ("nodes_trueleafs", trueIsLeaf.count),
            ("nodes_falseleafs", falseIsLeaf.count), ("nodes_missing_value_tracks_true", tracksMissing.count),
        ]
        for (name, length) in lengths where length != count {
            throw .invalidAttribute(name: name, reason: "has \(length) entries, expected \(count) as nodes_featureids")
        }
        guard leafWeights.count == leafOutputs.count else {
            throw .invalidAttribute(
                name: "leaf_weights", reason: "has \(leafWeights.count) entries, expected \(leafOutputs.count) as leaf_targetids")
        }
        guard !roots.isEmpty, roots.allSatisfy({ (0..<count).contains($0) }) else {
            throw .invalidAttribute(name: "tree_roots", reason: "is \(roots), expected numbers of the \(count) nodes")
        }
    }

    /// Sets stand one after the other in membership_values, each closed by NaN, in the order of the branches.
    private static func sets(_ reader: AttributeReader, _ modes: [Int]) throws(OperatorError) -> [Int: [Double]] {
        guard let tensor = try reader.tensor("membership_values") else { return [:] }
        var lists = try tensor.numbers(attribute: "membership_values").values
            .split(omittingEmptySubsequences: false) { $0.isNaN }.map(Array.init)
        if lists.last?.isEmpty == true { lists.removeLast() }
        let members = modes.indices.filter { modes[$0] == Int(TreeDescription.Comparison.member.rawValue) }
        guard members.count == lists.count else {
            throw .invalidAttribute(
                name: "membership_values", reason: "has \(lists.count) sets for \(members.count) branches that ask for membership"
            )
        }
        return Dictionary(uniqueKeysWithValues: zip(members, lists))
    }

    func branch(_ index: Int) throws(OperatorError) -> TreeDescription.Node {
        guard let raw = UInt8(exactly: modes[index]), let comparison = TreeDescription.Comparison(rawValue: raw) else {
            throw .invalidAttribute(name: "nodes_modes", reason: "has \(modes[index]) at node \(index), expected 0 to 6")
        }
        guard features[index] >= 0 else {
            throw .invalidAttribute(name: "nodes_featureids", reason: "has \(features[index]) at node \(index)")
        }
        return TreeDescription.Node(
            kind: .branch(comparison), feature: features[index], threshold: splits[index],
            tracksMissing: tracksMissing[index] != 0,
            whenTrue: try child(whenTrue[index], isLeaf: trueIsLeaf[index] != 0, of: index),
            whenFalse: try child(whenFalse[index], isLeaf: falseIsLeaf[index] != 0, of: index),
            members: sets[index] ?? [])
    }

    private func child(_ position: Int, isLeaf: Bool, of index: Int) throws(OperatorError) -> Int {
        guard (0..<(isLeaf ? leafCount : branchCount)).contains(position) else {
            throw .invalidValue("node \(index) leads to \(isLeaf ? "leaf" : "node") \(position), which does not exist")
        }
        return isLeaf ? branchCount + position : position
    }

    func leaf(_ index: Int) throws(OperatorError) -> TreeDescription.Node {
        guard (0..<outputCount).contains(leafOutputs[index]) else {
            throw .invalidAttribute(name: "leaf_targetids", reason: "has \(leafOutputs[index]), expected 0 to \(outputCount - 1)")
        }
        return TreeDescription.Node(
            kind: .leaf, feature: 0, threshold: 0, tracksMissing: false, whenTrue: 0, whenFalse: 0,
            weights: [(leafOutputs[index], leafWeights[index])])
    }
}
