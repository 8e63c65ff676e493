import GraphIR
import Operators
import Tensors
import Testing

/// The walks against a plain one, on every kernel level: sizes around the number of walks that go on side by side, and every form
/// of comparison, of leaves and of rows.
@Suite("Walks through trees")
struct ForestWalkTests {
    struct Case: CustomTestStringConvertible {
        var name: String
        var trees: Int
        var rows: Int
        var depth = 6
        var features = 5
        var modes = ["BRANCH_LEQ"]
        var missing = false
        var testDescription: String { name }

        func grow(_ leaf: (inout TestNumbers) -> [(output: Int, weight: Double)]) -> [TreeReference] {
            var numbers = TestNumbers(seed: UInt64(trees * 1000 + rows))
            return (0..<trees).map { _ in tree(depth, isRoot: true, &numbers, leaf) }
        }

        private func tree(
            _ depth: Int, isRoot: Bool = false, _ numbers: inout TestNumbers,
            _ leaf: (inout TestNumbers) -> [(output: Int, weight: Double)]
        ) -> TreeReference {
            guard isRoot || depth > 0 && Int.random(in: 0..<6, using: &numbers) > 0 else { return .leaf(leaf(&numbers)) }
            let whenTrue = tree(depth - 1, &numbers, leaf), whenFalse = tree(depth - 1, &numbers, leaf)
            let mode = modes.randomElement(using: &numbers) ?? "",
                threshold = ForestWalkTests.thresholds.randomElement(using: &numbers) ?? 0
            return .branch(
                mode: mode, feature: Int.random(in: 0..<features, using: &numbers),
                // NaN ends a set.
                threshold: mode == "BRANCH_MEMBER" && threshold.isNaN ? 1 : threshold,
                missingIsTrue: missing && Bool.random(using: &numbers), whenTrue, whenFalse)
        }

        /// Numbers at, between and beyond thresholds.
        func table(_ type: ElementType) -> [[Double]] {
            var numbers = TestNumbers(seed: 5)
            let choices = type.isInteger ? ForestWalkTests.wholes : ForestWalkTests.features
            return (0..<rows).map { _ in (0..<features).map { _ in choices.randomElement(using: &numbers) ?? 0 } }
        }
    }

    static let thresholds: [Double] = [
        -2, -1, 0, -0.0, 1, 2, 3, .infinity, -.infinity, .nan, Double(Float.greatestFiniteMagnitude), Double(Float.leastNonzeroMagnitude),
    ]
    static let wholes: [Double] = [-5, -3, -2, -1, 0, 1, 2, 3, 4, 5]
    static let features: [Double] =
        wholes + [0.5, -0.0, .infinity, -.infinity, .nan, .nan, Double(Float.leastNonzeroMagnitude), -Double(Float.leastNonzeroMagnitude)]

    static let allModes = TreeEnsembleTests.allModes + ["BRANCH_MEMBER"]

    static let cases = [
        Case(name: "one tree, one row", trees: 1, rows: 1), Case(name: "three trees, two rows", trees: 3, rows: 2),
        Case(name: "fifteen trees, fifteen rows", trees: 15, rows: 15), Case(name: "sixteen of both", trees: 16, rows: 16),
        Case(name: "seventeen of both", trees: 17, rows: 17), Case(name: "many trees for one row", trees: 130, rows: 1, depth: 4),
        Case(name: "many rows for few trees", trees: 5, rows: 531), Case(name: "deep", trees: 7, rows: 20, depth: 14),
        Case(name: "every comparison", trees: 33, rows: 40, modes: allModes),
        Case(name: "every comparison, missing values tracked", trees: 33, rows: 40, modes: allModes, missing: true),
        Case(name: "≤ only, missing values tracked", trees: 21, rows: 35, missing: true),
        Case(name: "wide rows", trees: 9, rows: 37, features: 6000, missing: true),
    ]

    @Test("TreeEnsemble of binary32 and binary64 numbers finds the leaves", arguments: cases, [ElementType.float32, .float64])
    func ensemble(_ test: Case, _ type: ElementType) throws {
        let trees = test.grow { [(0, Double(Int.random(in: -64...64, using: &$0)) / 8)] }
        var attributes = EnsembleAttributes(trees, type).attributes
        attributes["n_targets"] = .integer(1)
        let op = try classical("TreeEnsemble", attributes), rows = test.table(type)
        let expected = rows.map { row in trees.map { $0.leaf(for: row)[0].weight }.reduce(0, +) }
        let table = Tensor(rows.flatMap { $0 }, type, [rows.count, test.features])
        for (isa, outputs) in try evaluateOnEveryLevel(op, [table]) {
            #expect(outputs[0].numbers == expected, "\(isa.name)")
        }
    }

    /// What a leaf says: of every output, of some, of one or of none, once or twice.
    static let leafKinds: [(name: String, make: @Sendable (inout TestNumbers) -> [(output: Int, weight: Double)])] = [
        ("all", { numbers in (0..<5).map { ($0, Double(Int.random(in: -9...9, using: &numbers))) } }),
        ("one", { numbers in [(Int.random(in: 0..<5, using: &numbers), Double(Int.random(in: -9...9, using: &numbers)))] }),
        (
            "some",
            { numbers in (0..<5).filter { _ in Bool.random(using: &numbers) }.map { ($0, Double(Int.random(in: -9...9, using: &numbers))) }
            }
        ),
        ("twice", { numbers in (0..<3).map { _ in (2, Double(Int.random(in: -9...9, using: &numbers))) } }),
    ]

    @Test(
        "leaves of whatever form are aggregated, for features of every type", arguments: leafKinds.indices,
        ["SUM", "AVERAGE", "MIN", "MAX"])
    func leaves(_ kind: Int, _ aggregate: String) throws {
        let test = Case(name: "", trees: 19, rows: 43, modes: TreeEnsembleTests.allModes, missing: true)
        let trees = test.grow(Self.leafKinds[kind].make)
        var attributes = TreeAttributes(trees, leaves: "target").attributes
        attributes["n_targets"] = .integer(5)
        attributes["aggregate_function"] = .string(aggregate)
        let op = try classical("TreeEnsembleRegressor", attributes, version: 3)
        for type in classicalTypes {
            let rows = test.table(type)
            let expected = rows.flatMap { row in
                let entries = trees.flatMap { $0.leaf(for: row) }
                return (0..<5).map { output -> Double in
                    let weights = entries.filter { $0.output == output }.map(\.weight)
                    return switch aggregate {
                    case "SUM": weights.reduce(0, +)
                    case "AVERAGE": weights.reduce(0, +) / Double(trees.count)
                    case "MIN": weights.min() ?? 0
                    default: weights.max() ?? 0
                    }
                }
            }
            let table = Tensor(rows.flatMap { $0 }, type, [rows.count, test.features])
            for (isa, outputs) in try evaluateOnEveryLevel(op, [table]) {
                expectNumbers(outputs[0], expected, relative: 1e-6, absolute: 1e-6, "\(type) \(isa.name)")
            }
        }
    }

    @Test("binary32 trees compare binary64 features without rounding")
    func unrounded() throws {
        let thresholds: [Double] = [1, -1, 0, Double(Float.greatestFiniteMagnitude), -Double(Float.greatestFiniteMagnitude)]
        for mode in TreeEnsembleTests.allModes {
            for threshold in thresholds {
                let tree = TreeReference.branch(
                    mode: mode, feature: 0, threshold: threshold, missingIsTrue: false, .leaf([(0, 1)]), .leaf([(0, 2)]))
                let op = try classical("TreeEnsembleRegressor", TreeAttributes([tree], leaves: "target").attributes, version: 3)
                let features = [threshold.nextDown, threshold, threshold.nextUp, 1e300, -1e300]
                let expected = features.map { tree.leaf(for: [$0])[0].weight }
                #expect(try evaluate(op, [Tensor(features, .float64, [5, 1])])[0].numbers == expected, "\(mode) \(threshold)")
            }
        }
    }
}
