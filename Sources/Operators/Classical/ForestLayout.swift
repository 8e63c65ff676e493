import CKernels
import GraphIR

/// Lays trees out as the walks of `apus_forest_kernels` read them.
struct ForestLayout<Number: ForestNumber> {
    private(set) var words: [apus_tree_word]
    /// By tree.
    private(set) var spans: [apus_tree_span]
    /// The description's leaves, by the numbers that walks give.
    private(set) var leaves: [Int] = []
    /// Whether a missing feature counts as at most some threshold. Walks then read rows of twice as many numbers: each feature, and
    /// the feature with -inf where it is missing.
    private(set) var raisesMissing = false

    private let description: TreeDescription
    /// By node of the description, once it has a place.
    private var records: [Record?]

    /// Of the tree that is laid out: the least and the most steps to a leaf's first place, and how much later copies add to them.
    private var reach = (least: Int.max, most: 0, added: 0)

    private struct Record {
        let threshold: apus_tree_word
        let link: apus_tree_word
        /// Steps from the root to its first place.
        let depth: Int
    }

    /// What goes to a place: a node of the description, or a further test of its decision.
    private struct Task {
        let place: Int
        let depth: Int
        let node: Int
        var decision: Decision<Number>?
    }

    /// - Throws: `.unsupported` for more nodes than places can number. The description has been found to consist of trees.
    init(_ description: TreeDescription) throws(OperatorError) {
        self.description = description
        let treeCount = description.roots.count
        records = Array(repeating: nil, count: description.nodes.count)
        words = Array(repeating: 0, count: (treeCount + 1) / 2 * 4)
        spans = []
        for (tree, root) in description.roots.enumerated() {
            reach = (.max, 0, 0)
            var tasks = [Task(place: 4 * (tree / 2) + tree % 2, depth: 0, node: root)]
            while let task = tasks.popLast() { try place(task, &tasks) }
            spans.append(
                apus_tree_span(shortest: UInt32(clamping: reach.least), longest: UInt32(clamping: reach.most + reach.added)))
        }
        guard !raisesMissing else { return }
        for link in links { words[link] = words[link] & 0xFFFF_FFFF | (words[link] >> 33) << 32 }
    }

    private var links: some Sequence<Int> { words.indices.lazy.filter { $0 & 2 != 0 } }

    private mutating func place(_ task: Task, _ tasks: inout [Task]) throws(OperatorError) {
        if let decision = task.decision { return try place(decision, of: task, &tasks) }
        guard case .branch(let comparison) = description.nodes[task.node].kind else { return placeLeaf(task) }
        if let record = records[task.node] { return placeCopy(of: record, task) }
        try place(Decision(description.nodes[task.node], comparison), of: task, &tasks)
    }

    private mutating func place(_ decision: Decision<Number>, of task: Task, _ tasks: inout [Task]) throws(OperatorError) {
        switch decision {
        case .outcome(let isTrue):
            let node = isTrue ? description.nodes[task.node].whenTrue : description.nodes[task.node].whenFalse
            try place(Task(place: task.place, depth: task.depth, node: node), &tasks)
        case .test(let test, let holds, let fails):
            let child = words.count
            guard child <= Int(UInt32.max) - 4 else { throw .unsupported("an ensemble of \(description.nodes.count) nodes") }
            words += [0, 0, 0, 0]
            raisesMissing = raisesMissing || test.raisesMissing
            let feature = UInt64(description.nodes[task.node].feature) << 1 | (test.raisesMissing ? 1 : 0)
            let record = Record(
                threshold: test.threshold.treeWord(isLowered: test.isLowered), link: UInt64(child) | feature << 32, depth: task.depth)
            write(record, at: task.place)
            if task.decision == nil { records[task.node] = record }
            let rises = test.isInverted ? fails : holds, falls = test.isInverted ? holds : fails
            tasks.append(Task(place: child + 1, depth: task.depth + 1, node: task.node, decision: rises))
            tasks.append(Task(place: child, depth: task.depth + 1, node: task.node, decision: falls))
        }
    }

    /// A decision of several tests has an outcome in several places: they share the nodes below.
    private mutating func placeCopy(of record: Record, _ task: Task) {
        write(record, at: task.place)
        // No way on is longer by more.
        reach.added += max(task.depth - record.depth, 0)
    }

    private mutating func placeLeaf(_ task: Task) {
        let threshold: apus_tree_word
        if let record = records[task.node] {
            threshold = record.threshold
        } else {
            threshold = Number.leafWord(UInt32(leaves.count))
            leaves.append(task.node)
        }
        let record = Record(threshold: threshold, link: UInt64(task.place), depth: task.depth)
        records[task.node] = record
        write(record, at: task.place)
        reach = (min(reach.least, task.depth), max(reach.most, task.depth), reach.added)
    }

    private mutating func write(_ record: Record, at place: Int) {
        words[place] = record.threshold
        words[place + 2] = record.link
    }
}
