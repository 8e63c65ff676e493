import GraphIR
import Tensors

/// The attributes of TreeEnsemble (ai.onnx.ml opset 5) that list trees, each of which begins with a branch.
struct EnsembleAttributes {
    private static let modes = [
        "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER",
    ]

    private let type: ElementType
    private var integers: [String: [Int64]] = ["tree_roots": [], "leaf_targetids": []]
    private var modes: [Double] = []
    private var splits: [Double] = []
    private var members: [Double] = []
    private var weights: [Double] = []

    /// - Parameter type: of thresholds, sets and weights.
    init(_ trees: [TreeReference], _ type: ElementType) {
        self.type = type
        integers["tree_roots"] = trees.map { add($0).place }
    }

    private mutating func add(_ tree: TreeReference) -> (place: Int64, isLeaf: Int64) {
        switch tree {
        case .leaf(let entries):
            integers["leaf_targetids"]?.append(Int64(entries[0].output))
            weights.append(entries[0].weight)
            return (Int64(weights.count - 1), 1)
        case .branch(let mode, let feature, let threshold, let missing, let whenTrue, let whenFalse):
            let place = splits.count
            modes.append(Double(Self.modes.firstIndex(of: mode) ?? 0))
            splits.append(threshold)
            if mode == "BRANCH_MEMBER" { members += TreeReference.members(threshold) + [.nan] }
            for (name, value) in [
                ("nodes_featureids", Int64(feature)), ("nodes_missing_value_tracks_true", missing ? 1 : 0), ("nodes_truenodeids", 0),
                ("nodes_trueleafs", 0), ("nodes_falsenodeids", 0), ("nodes_falseleafs", 0),
            ] { integers[name, default: []].append(value) }
            let first = add(whenTrue), second = add(whenFalse)
            integers["nodes_truenodeids"]?[place] = first.place
            integers["nodes_trueleafs"]?[place] = first.isLeaf
            integers["nodes_falsenodeids"]?[place] = second.place
            integers["nodes_falseleafs"]?[place] = second.isLeaf
            return (Int64(place), 0)
        }
    }

    var attributes: [String: Attribute] {
        var result = integers.mapValues { Attribute.integers($0) }
        result["nodes_modes"] = .tensor(Tensor(modes, .uint8, [modes.count]))
        result["nodes_splits"] = .tensor(Tensor(splits, type, [splits.count]))
        result["leaf_weights"] = .tensor(Tensor(weights, type, [weights.count]))
        if !members.isEmpty { result["membership_values"] = .tensor(Tensor(members, type, [members.count])) }
        return result
    }
}
