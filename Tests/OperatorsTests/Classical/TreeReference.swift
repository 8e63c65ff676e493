import GraphIR

/// A decision tree as a recursive value: the reference for ensembles, and what their attributes are made from.
indirect enum TreeReference {
    case leaf([(output: Int, weight: Double)])
    case branch(mode: String, feature: Int, threshold: Double, missingIsTrue: Bool, TreeReference, TreeReference)

    func leaf(for row: [Double]) -> [(output: Int, weight: Double)] {
        switch self {
        case .leaf(let weights): return weights
        case .branch(let mode, let feature, let threshold, let missingIsTrue, let whenTrue, let whenFalse):
            let x = row[feature]
            let holds =
                switch mode {
                case "BRANCH_LEQ": x <= threshold
                case "BRANCH_LT": x < threshold
                case "BRANCH_GTE": x >= threshold
                case "BRANCH_GT": x > threshold
                case "BRANCH_EQ": x == threshold
                case "BRANCH_MEMBER": Self.members(threshold).contains(x)
                default: x != threshold
                }
            return (holds || missingIsTrue && x.isNaN ? whenTrue : whenFalse).leaf(for: row)
        }
    }

    /// The set of a membership branch.
    static func members(_ threshold: Double) -> [Double] { [threshold, threshold + 2, threshold - 3, threshold + 2] }

    /// A tree of at most `depth` branches in a row, whose leaves speak of every output in `outputs`.
    static func random(
        depth: Int, features: Int, outputs: [Int], modes: [String], missing: Bool, weights: ClosedRange<Double>,
        _ numbers: inout TestNumbers
    ) -> TreeReference {
        guard depth > 0, Int.random(in: 0..<5, using: &numbers) > 0 else {
            return .leaf(outputs.map { ($0, quarter(Double.random(in: weights, using: &numbers))) })
        }
        func child() -> TreeReference {
            random(
                depth: depth - 1, features: features, outputs: outputs, modes: modes, missing: missing, weights: weights,
                &numbers)
        }
        return .branch(
            mode: modes.randomElement(using: &numbers) ?? "BRANCH_LEQ",
            feature: Int.random(in: 0..<features, using: &numbers),
            // Whole numbers, as the tables hold: thresholds are met exactly.
            threshold: Double(Int.random(in: -3...3, using: &numbers)),
            missingIsTrue: missing && Bool.random(using: &numbers), child(), child())
    }

    /// A multiple of 1/64, exact in binary32 and in sums.
    private static func quarter(_ value: Double) -> Double { (value * 64).rounded() / 64 }
}

/// The attributes that list trees.
struct TreeAttributes {
    private var integers: [String: [Int64]] = [:]
    private var floats: [String: [Float]] = [:]
    private var modes: [String] = []

    /// - Parameter leaves: the prefix of the leaves' attributes, `class` or `target`.
    init(_ trees: [TreeReference], leaves: String) {
        for (number, tree) in trees.enumerated() {
            var next = 0
            add(tree, Int64(number), leaves, &next)
        }
    }

    @discardableResult
    private mutating func add(_ tree: TreeReference, _ number: Int64, _ leaves: String, _ next: inout Int) -> Int64 {
        let node = Int64(next), place = modes.count
        next += 1
        var feature = 0, threshold = 0.0, missing = false
        if case .branch(_, let ownFeature, let ownThreshold, let ownMissing, _, _) = tree {
            (feature, threshold, missing) = (ownFeature, ownThreshold, ownMissing)
        }
        for (name, value) in [
            ("nodes_treeids", number), ("nodes_nodeids", node), ("nodes_featureids", Int64(feature)),
            ("nodes_missing_value_tracks_true", missing ? 1 : 0), ("nodes_truenodeids", 0), ("nodes_falsenodeids", 0),
        ] { integers[name, default: []].append(value) }
        floats["nodes_values", default: []].append(Float(threshold))
        switch tree {
        case .leaf(let weights):
            modes.append("LEAF")
            for (output, weight) in weights {
                integers["\(leaves)_treeids", default: []].append(number)
                integers["\(leaves)_nodeids", default: []].append(node)
                integers["\(leaves)_ids", default: []].append(Int64(output))
                floats["\(leaves)_weights", default: []].append(Float(weight))
            }
        case .branch(let mode, _, _, _, let whenTrue, let whenFalse):
            modes.append(mode)
            let first = add(whenTrue, number, leaves, &next), second = add(whenFalse, number, leaves, &next)
            integers["nodes_truenodeids"]?[place] = first
            integers["nodes_falsenodeids"]?[place] = second
        }
        return node
    }

    var attributes: [String: Attribute] {
        integers.mapValues { .integers($0) }
            .merging(floats.mapValues { .floats($0) }) { own, _ in own }
            .merging(["nodes_modes": .strings(modes)]) { own, _ in own }
    }
}
