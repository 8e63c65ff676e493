import GraphIR
import Operators
import Tensors
import Testing

@Suite("TreeEnsembleClassifier, TreeEnsembleRegressor, TreeEnsemble")
struct TreeEnsembleTests {
    static let allModes = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]

    struct Forest: CustomTestStringConvertible {
        var name: String
        var modes = ["BRANCH_LEQ"]
        var missing = false
        var trees = 5, depth = 4
        var testDescription: String { name }

        func grow(outputs: [Int], weights: ClosedRange<Double> = -2...2) -> [TreeReference] {
            var numbers = TestNumbers(seed: 11)
            return (0..<trees).map { _ in
                .random(
                    depth: depth, features: 3, outputs: outputs, modes: modes, missing: missing, weights: weights,
                    &numbers)
            }
        }
    }

    static let forests = [
        Forest(name: "≤ only"), Forest(name: "every comparison", modes: allModes),
        Forest(name: "missing values tracked", missing: true), Forest(name: "one tree", trees: 1),
        Forest(name: "leaves only", depth: 0), Forest(name: "deep", trees: 3, depth: 9),
    ]

    /// Rows of whole numbers around the thresholds; floats have missing values too. More than one block of rows.
    static func rows(_ type: ElementType, count: Int = 71) -> [[Double]] {
        var numbers = TestNumbers(seed: 12)
        return (0..<count).map { row in
            numbers.wholes(3, in: -4...4).map { row % 5 == 0 && !type.isInteger && $0 > 2 ? .nan : $0 }
        }
    }

    static func table(_ rows: [[Double]], _ type: ElementType) -> Tensor {
        Tensor(rows.flatMap { $0 }, type, [rows.count, 3])
    }

    @Test("aggregates the leaves that a row reaches", arguments: forests, ["SUM", "AVERAGE", "MIN", "MAX"])
    func regression(_ forest: Forest, _ aggregate: String) throws {
        let trees = forest.grow(outputs: [0, 1]), base: [Double] = [0.5, -1]
        var attributes = TreeAttributes(trees, leaves: "target").attributes
        attributes["n_targets"] = .integer(2)
        attributes["aggregate_function"] = .string(aggregate)
        attributes["base_values"] = .floats(base.map { Float($0) })
        let op = try classical("TreeEnsembleRegressor", attributes, version: 1)
        for type in classicalTypes {
            let rows = Self.rows(type)
            let expected = rows.flatMap { row in
                (0..<2).map { output -> Double in
                    let weights = trees.map { $0.leaf(for: row)[output].weight }
                    let joined =
                        switch aggregate {
                        case "SUM": weights.reduce(0, +)
                        case "AVERAGE": weights.reduce(0, +) / Double(weights.count)
                        case "MIN": weights.min() ?? 0
                        default: weights.max() ?? 0
                        }
                    return joined + base[output]
                }
            }
            let result = try evaluate(op, [Self.table(rows, type)])[0]
            #expect(result.spec == TensorSpec(.float32, [rows.count, 2]))
            expectNumbers(result, expected, relative: 1e-6, absolute: 1e-6, "\(type)")
        }
    }

    @Test("answers the class with the largest sum, the first of equal ones", arguments: forests)
    func classification(_ forest: Forest) throws {
        let trees = forest.grow(outputs: [0, 1, 2]), labels: [Int64] = [7, -3, 40]
        var attributes = TreeAttributes(trees, leaves: "class").attributes
        attributes["classlabels_int64s"] = .integers(labels)
        for transform in ["NONE", "SOFTMAX", "LOGISTIC"] {
            attributes["post_transform"] = .string(transform)
            let op = try classical("TreeEnsembleClassifier", attributes, version: 1)
            for type in classicalTypes {
                let rows = Self.rows(type)
                let sums = rows.map { row in
                    (0..<3).map { output in trees.map { $0.leaf(for: row)[output].weight }.reduce(0, +) }
                }
                let winners = sums.map { sums in labels[sums.firstIndex(of: sums.max() ?? 0) ?? 0] }
                let scores = sums.flatMap { sums in
                    transform == "NONE" ? sums : transform == "SOFTMAX" ? softmax(sums) : sums.map(logistic)
                }
                let outputs = try evaluate(op, [Self.table(rows, type)], outputs: 2)
                #expect(outputs[0].values(Int64.self) == winners, "\(transform) \(type)")
                expectNumbers(outputs[1], scores, relative: 1e-5, absolute: 1e-6, "\(transform) \(type)")
            }
        }
    }

    @Test(
        "two classes and leaves of one: the score is a probability, or a margin when weights are negative",
        arguments: [
            ("NONE", true), ("LOGISTIC", true), ("NONE", false), ("LOGISTIC", false), ("SOFTMAX", false),
        ])
    func binary(_ transform: String, _ isProbability: Bool) throws {
        let trees = Forest(name: "", trees: 3).grow(outputs: [0], weights: isProbability ? 0...0.33 : -1...1)
        var attributes = TreeAttributes(trees, leaves: "class").attributes
        attributes["classlabels_int64s"] = .integers([4, 9])
        attributes["post_transform"] = .string(transform)
        attributes["base_values"] = .floats([0.125])
        let op = try classical("TreeEnsembleClassifier", attributes, version: 1), rows = Self.rows(.float32)
        let sums = rows.map { row in trees.map { $0.leaf(for: row)[0].weight }.reduce(0.125, +) }
        let outputs = try evaluate(op, [Self.table(rows, .float32)], outputs: 2)
        #expect(outputs[0].integers == sums.map { $0 > (isProbability ? 0.5 : 0) ? 9 : 4 })
        let scores = sums.flatMap { sum in
            transform == "LOGISTIC" ? [logistic(-sum), logistic(sum)] : [isProbability ? 1 - sum : -sum, sum]
        }
        expectNumbers(outputs[1], scores, relative: 1e-5, absolute: 1e-6)
    }

    @Test("two classes with leaves of both are told by the larger sum")
    func twoClasses() throws {
        let trees = Forest(name: "").grow(outputs: [0, 1])
        var attributes = TreeAttributes(trees, leaves: "class").attributes
        attributes["classlabels_int64s"] = .integers([4, 9])
        let rows = Self.rows(.float32)
        let outputs = try evaluate(
            classical("TreeEnsembleClassifier", attributes, version: 1), [Self.table(rows, .float32)], outputs: 2)
        #expect(
            outputs[0].integers
                == rows.map { row in
                    let sums = (0..<2).map { output in trees.map { $0.leaf(for: row)[output].weight }.reduce(0, +) }
                    return sums[1] > sums[0] ? 9 : 4
                })
    }

    @Test("compares binary64 thresholds in binary64")
    func doubleThresholds() throws {
        // In binary32 the feature and the threshold are the same number.
        let threshold = 1 + 0x1p-40
        func op(_ threshold: Attribute, _ name: String) throws -> any Operator {
            var attributes = TreeAttributes(
                [.branch(mode: "BRANCH_LT", feature: 0, threshold: 0, missingIsTrue: false, .leaf([(0, 1)]), .leaf([(0, 2)]))],
                leaves: "target"
            ).attributes
            attributes["nodes_values"] = nil
            attributes[name] = threshold
            return try classical("TreeEnsembleRegressor", attributes, version: 3)
        }
        let exact = try op(.tensor(Tensor([threshold, 0, 0], shape: [3])), "nodes_values_as_tensor")
        let rounded = try op(.floats([Float(threshold), 0, 0]), "nodes_values")
        let one = Tensor([1], .float32, [1, 1])
        #expect(try evaluate(exact, [one])[0].numbers == [1])
        #expect(try evaluate(rounded, [one])[0].numbers == [2])
    }

    @Test("TreeEnsemble asks for membership in sets and gives the table's type", arguments: [ElementType.float32, .float64])
    func membership(_ type: ElementType) throws {
        let op = try classical(
            "TreeEnsemble",
            [
                "n_targets": .integer(1), "aggregate_function": .integer(1), "post_transform": .integer(0),
                "tree_roots": .integers([0]), "nodes_modes": .tensor(Tensor([6, 0], .uint8, [2])),
                "nodes_featureids": .integers([0, 1]), "nodes_splits": .tensor(Tensor([0, 2], .float32, [2])),
                "nodes_truenodeids": .integers([0, 1]), "nodes_trueleafs": .integers([1, 1]),
                "nodes_falsenodeids": .integers([1, 2]), "nodes_falseleafs": .integers([0, 1]),
                "membership_values": .tensor(Tensor([3, 5, .nan], .float32, [3])),
                "leaf_targetids": .integers([0, 0, 0]), "leaf_weights": .tensor(Tensor([10, 20, 30], .float32, [3])),
            ])
        let result = try evaluate(op, [Tensor([3, 9, 5, 0, 4, 2, 4, 3], type, [4, 2])])[0]
        #expect(result.elementType == type && result.numbers == [10, 10, 20, 30])
    }

    @Test("an empty table gives empty answers")
    func empty() throws {
        var attributes = TreeAttributes(Forest(name: "").grow(outputs: [0, 1, 2]), leaves: "class").attributes
        attributes["classlabels_int64s"] = .integers([0, 1, 2])
        let outputs = try evaluate(
            classical("TreeEnsembleClassifier", attributes), [Tensor([], .float32, [0, 3])], outputs: 2)
        #expect(outputs[0].shape == [0] && outputs[1].shape == [0, 3])
    }

    @Test("refuses trees that are not trees")
    func refusals() throws {
        let stump = TreeReference.branch(
            mode: "BRANCH_LEQ", feature: 2, threshold: 0, missingIsTrue: false, .leaf([(0, 1)]), .leaf([(0, 2)]))
        func change(_ name: String, _ value: Attribute?) throws {
            var attributes = TreeAttributes([stump], leaves: "target").attributes
            attributes[name] = value
            _ = try evaluate(classical("TreeEnsembleRegressor", attributes), [Grid(counting: [1, 3]).tensor()])
        }
        expectRefusal(["circle"]) { try change("nodes_truenodeids", .integers([0, 0, 0])) }
        expectRefusal(["reached twice"]) { try change("nodes_truenodeids", .integers([2, 0, 0])) }
        expectRefusal(["node 9 of tree 0", "does not exist"]) { try change("nodes_falsenodeids", .integers([9, 0, 0])) }
        expectRefusal(["node 0 of tree 0 twice"]) { try change("nodes_nodeids", .integers([0, 0, 2])) }
        expectRefusal(["nodes_modes", "BRANCH_XOR"]) { try change("nodes_modes", .strings(["BRANCH_XOR", "LEAF", "LEAF"])) }
        expectRefusal(["nodes_values", "2 entries", "expected 3"]) { try change("nodes_values", .floats([0, 0])) }
        expectRefusal(["target_ids", "5"]) { try change("target_ids", .integers([0, 5])) }
        expectRefusal(["target_nodeids", "node 7 of tree 0"]) { try change("target_nodeids", .integers([1, 7])) }
        expectRefusal(["nodes_featureids", "-1"]) { try change("nodes_featureids", .integers([-1, 0, 0])) }
        expectRefusal(["3 features", "feature 8"]) { try change("nodes_featureids", .integers([8, 0, 0])) }
        expectRefusal(["base_values", "2 numbers"]) { try change("base_values", .floats([1, 2])) }
        expectRefusal(["n_targets", "0"]) { try change("n_targets", .integer(0)) }
        expectRefusal(["nodes_nodeids", "empty"]) { _ = try classical("TreeEnsembleRegressor", [:]) }
        expectRefusal(["classlabels_int64s", "no class labels"]) { _ = try classical("TreeEnsembleClassifier", [:]) }
    }
}
