import CKernels
import Operators

/// Rows through complete decision trees of random thresholds, sixteen walks side by side, against one walk after the other.
///
/// Every run takes other rows, as requests do.
struct TreeWalks: Comparison {
    let trees, depth, rows: Int

    static let section = Section(
        title: "Trees", summary: "trees × depth, rows of 64 features; against a plain walk; millions of nodes", unit: .millions,
        comparisons: [
            TreeWalks(trees: 100, depth: 6, rows: 1), TreeWalks(trees: 1_000, depth: 8, rows: 1),
            TreeWalks(trees: 20, depth: 12, rows: 20), TreeWalks(trees: 1_000, depth: 8, rows: 256),
        ])

    var name: String { "\(trees)×\(depth), \(rows) \(rows == 1 ? "row" : "rows")" }

    private static let features = 64

    func measure(by race: Race) throws -> Outcome {
        let forest = CompleteTrees(trees: trees, depth: depth, features: Self.features)
        let tableRows = max(1_024 / rows, 2) * rows
        let table = FloatMemory.samples(count: tableRows * Self.features)
        let walk = try InstructionSet.requested().functions.pointee.forest.walk_f32
        let span = apus_tree_span(shortest: UInt32(depth), longest: UInt32(depth))
        let spans = [apus_tree_span](repeating: span, count: trees)
        var found = [UInt32](repeating: 0, count: trees * rows), expected = found
        var next = 0, nextExpected = 0
        let candidate = {
            walk(&found, forest.words, spans, 0, trees, table.start + next * Self.features, Self.features, rows)
            next = (next + rows) % tableRows
        }
        let reference = {
            forest.walkOneByOne(&expected, table.start + nextExpected * Self.features, stride: Self.features, rows: rows)
            nextExpected = (nextExpected + rows) % tableRows
        }
        candidate()
        reference()
        guard found == expected else { throw InvalidComparison(description: "the walks end at other leaves") }
        return Outcome(pace: try race.run(candidate: candidate, reference: reference), work: trees * depth * rows)
    }
}

/// The same trees in the layout of the kernels and in a plain one.
private struct CompleteTrees {
    private(set) var words: [apus_tree_word]
    private var nodes: [PlainNode] = []
    private var roots: [Int] = []
    private var leafCount: UInt32 = 0

    private struct PlainNode {
        var threshold: Float
        var feature: Int32
        /// Of a leaf: its number.
        var whenTrue: Int32
        /// Of a leaf: -1.
        var whenFalse: Int32
    }

    init(trees: Int, depth: Int, features: Int) {
        let branches = trees << depth
        let numbers = FloatMemory.samples(count: 2 * branches).values
        var next = 0
        words = [apus_tree_word](repeating: 0, count: (trees + 1) / 2 * 4)
        for tree in 0..<trees {
            roots.append(
                grow(at: 4 * (tree / 2) + tree % 2, depth: depth) {
                    next += 2
                    return (numbers[next - 2], Int(abs(numbers[next - 1]) * Float(features)) % features)
                })
        }
    }

    private mutating func grow(at place: Int, depth: Int, split: () -> (threshold: Float, feature: Int)) -> Int {
        let node = nodes.count
        guard depth > 0 else {
            words[place] = UInt64(leafCount) << 32 | UInt64(Float.nan.bitPattern)
            words[place + 2] = UInt64(place)
            nodes.append(PlainNode(threshold: 0, feature: 0, whenTrue: Int32(leafCount), whenFalse: -1))
            leafCount += 1
            return node
        }
        let (threshold, feature) = split(), child = words.count
        words += [0, 0, 0, 0]
        words[place] = UInt64(threshold.bitPattern)
        words[place + 2] = UInt64(child) | UInt64(feature) << 32
        nodes.append(PlainNode(threshold: threshold, feature: Int32(feature), whenTrue: 0, whenFalse: 0))
        let whenFalse = grow(at: child, depth: depth - 1, split: split)
        let whenTrue = grow(at: child + 1, depth: depth - 1, split: split)
        (nodes[node].whenTrue, nodes[node].whenFalse) = (Int32(whenTrue), Int32(whenFalse))
        return node
    }

    func walkOneByOne(_ leaves: inout [UInt32], _ table: UnsafePointer<Float>, stride: Int, rows: Int) {
        nodes.withUnsafeBufferPointer { nodes in
            for (tree, root) in roots.enumerated() {
                for row in 0..<rows {
                    let features = table + row * stride
                    var node = nodes[root]
                    while node.whenFalse >= 0 {
                        node = nodes[Int(features[Int(node.feature)] <= node.threshold ? node.whenTrue : node.whenFalse)]
                    }
                    leaves[tree * rows + row] = UInt32(node.whenTrue)
                }
            }
        }
    }
}
