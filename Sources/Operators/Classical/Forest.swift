import CKernels
import GraphIR
import Tensors

/// Decision trees ready to walk: every index in them has been checked.
///
/// `Number` is the type that features are compared in.
struct Forest<Number: ForestNumber>: Sendable {
    /// See `apus_tree_word`.
    private let words: TensorStorage
    private let spans: [apus_tree_span]
    let leaves: ForestLeaves<Number>
    let treeCount: Int
    /// The number of features that a row must have.
    let featureCount: Int
    /// See `ForestLayout`.
    let raisesMissing: Bool
    /// About how many steps a row takes through all trees.
    let stepCount: Int

    /// - Throws: when branches form a circle or share a child; so walking always ends.
    init(_ description: TreeDescription, outputCount: Int, areSummed: Bool) throws(OperatorError) {
        featureCount = try description.checkedFeatureCount()
        let layout = try ForestLayout<Number>(description)
        words = try Self.storage(layout.words)
        spans = layout.spans
        raisesMissing = layout.raisesMissing
        treeCount = description.roots.count
        leaves = ForestLeaves(layout.leaves.map { description.nodes[$0].weights }, outputCount: outputCount, areSummed: areSummed)
        let leavesInTree = layout.leaves.count / max(treeCount, 1)
        stepCount = treeCount * (Int.bitWidth - leavesInTree.leadingZeroBitCount)
    }

    private static func storage(_ words: [apus_tree_word]) throws(OperatorError) -> TensorStorage {
        let storage: TensorStorage
        do {
            storage = try TensorStorage(byteCount: words.count * MemoryLayout<apus_tree_word>.stride, placement: .pages)
        } catch {
            throw .memory(error)
        }
        words.withUnsafeBytes { bytes in
            if let source = bytes.baseAddress { storage.baseAddress.copyMemory(from: source, byteCount: bytes.count) }
        }
        return storage
    }

    /// Writes the leaves [trees, rows] that rows reach in some trees, from an even one on.
    @inline(__always)
    func walk(
        _ function: Number.Walk, _ leaves: UnsafeMutablePointer<UInt32>, trees: Range<Int>, _ table: UnsafePointer<Number>,
        stride: Int, rows: Int
    ) {
        let words = UnsafePointer(self.words.baseAddress.assumingMemoryBound(to: apus_tree_word.self))
        spans.withUnsafeBufferPointer { spans in
            guard let spans = spans.baseAddress else { return }
            function(leaves, words, spans, trees.lowerBound, trees.count, table, stride, rows)
        }
    }
}

extension Forest where Number == Double {
    /// The same trees for features of binary64.
    init(widening other: Forest<Float>) throws(OperatorError) {
        let count = other.words.byteCount / MemoryLayout<apus_tree_word>.stride
        let old = UnsafeBufferPointer(start: other.words.baseAddress.assumingMemoryBound(to: apus_tree_word.self), count: count)
        var words = Array(old)
        for place in words.indices where place & 2 == 0 {
            let isLeaf = words[place + 2] == UInt64(place)
            words[place] = isLeaf ? Double.leafWord(UInt32(old[place] >> 32)) : Double.treeWord(widening: old[place])
        }
        self.words = try Self.storage(words)
        spans = other.spans
        leaves = other.leaves.widened
        (treeCount, featureCount) = (other.treeCount, other.featureCount)
        (raisesMissing, stepCount) = (other.raisesMissing, other.stepCount)
    }
}

extension Double {
    /// The threshold of a branch that has `word` in binary32.
    fileprivate static func treeWord(widening word: apus_tree_word) -> apus_tree_word {
        let threshold = Float(bitPattern: UInt32(truncatingIfNeeded: word)), isLowered = word >> 32 != 0
        return (isLowered ? Double(threshold.nextUp).nextDown : Double(threshold)).treeWord(isLowered: isLowered)
    }
}

extension TreeDescription {
    /// One more than the largest feature that a branch reads.
    ///
    /// - Throws: when branches form a circle or share a child, or when features or nodes are too many.
    fileprivate func checkedFeatureCount() throws(OperatorError) -> Int {
        guard nodes.count < Int(Int32.max) else { throw .unsupported("an ensemble of \(nodes.count) nodes") }
        var isReached = [Bool](repeating: false, count: nodes.count)
        var count = 0
        var pending = roots
        while let index = pending.popLast() {
            guard !isReached[index] else {
                throw .invalidValue("node \(index) is reached twice: the trees' branches form a circle or share a node")
            }
            isReached[index] = true
            let node = nodes[index]
            guard node.isBranch else { continue }
            guard node.feature < Int(Int32.max) else {
                throw .invalidAttribute(name: "nodes_featureids", reason: "has \(node.feature)")
            }
            count = max(count, node.feature + 1)
            pending += [node.whenFalse, node.whenTrue]
        }
        return count
    }
}
