import CKernels
import GraphIR
import Tensors

/// How the trees' answers become one.
enum ForestAggregate: String, CaseIterable, Sendable {
    case sum = "SUM"
    case average = "AVERAGE"
    case min = "MIN"
    case max = "MAX"

    var isSum: Bool { self == .sum || self == .average }
}

/// What one compiled forest knows besides its trees.
struct ForestTask: Sendable {
    /// Of the table.
    let type: ElementType
    let rows: Int
    let columns: Int
    let aggregate: ForestAggregate
    let finish: ForestFinish
}

/// Walks every row of a table through all trees and adds up the leaves, in binary64 and in the order of the trees.
struct ForestKernel<Number: ForestNumber>: Kernel {
    private let forest: Forest<Number>
    private let task: ForestTask
    private let walk: Number.Walk
    private let sums: ForestSums<Number>
    private let features: ForestRows<Number>
    /// Rows that go through a tree together, so that its nodes are read once for all.
    private let blockExtent: Int
    /// Trees whose leaves are found before they are added; even.
    private let treesAtOnce: Int
    private let layout: (features: Int, leaves: Int, byteCount: Int)

    init(_ forest: Forest<Number>, _ task: ForestTask, _ kernels: KernelFunctions) {
        (self.forest, self.task) = (forest, task)
        walk = Number.functions(kernels.forest).walk
        sums = ForestSums(forest.leaves, task.aggregate, outputCount: task.finish.outputCount, kernels)
        features = ForestRows(task.type, columns: task.columns, raisesMissing: forest.raisesMissing)
        let rowByteCount = ByteCount.sum(features.rowByteCount, sums.rowByteCount, 1)
        // As many rows as the second cache has room for.
        let fitting = min(max((256 << 10) / rowByteCount, 1), 256)
        blockExtent = max(min(fitting < 16 ? fitting : fitting / 16 * 16, task.rows), 1)
        treesAtOnce = max(2048 / blockExtent, 2) / 2 * 2
        let featureStart = ByteCount.aligned(ByteCount.product(sums.rowByteCount, blockExtent), to: 64)
        let leafStart = ByteCount.aligned(
            ByteCount.sum(featureStart, ByteCount.product(features.rowByteCount, blockExtent)), to: 64)
        layout = (
            featureStart, leafStart, ByteCount.sum(leafStart, ByteCount.of(UInt32.self, treesAtOnce * blockExtent))
        )
    }

    var compiled: CompiledOperator { CompiledOperator(self, scratchByteCount: layout.byteCount) }

    private var split: PartSplit {
        let blocks = (task.rows + blockExtent - 1) / blockExtent
        return PartSplit(units: blocks, operations: 4 * Double(task.rows) * Double(forest.stepCount))
    }

    var parts: Int { split.count }

    func run(_ context: KernelContext) { Number.compute(self, 0..<task.rows, context) }

    func run(part: Int, _ context: KernelContext) {
        Number.compute(self, split.elements(of: part, unit: blockExtent, total: task.rows), context)
    }

    /// The answers of some rows.
    func compute(_ rows: Range<Int>, _ context: KernelContext) {
        let divisor = task.aggregate == .average ? Double(forest.treeCount) : 1
        let leaves = (context.scratch + layout.leaves).assumingMemoryBound(to: UInt32.self)
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: blockExtent) {
            let count = min(blockExtent, rows.upperBound - first)
            let (table, stride) = features.block(context.input(0), first, count, scratch: context.scratch + layout.features)
            sums.clear(context.scratch, rows: count)
            for tree in Swift.stride(from: 0, to: forest.treeCount, by: treesAtOnce) {
                let trees = tree..<min(tree + treesAtOnce, forest.treeCount)
                forest.walk(walk, leaves, trees: trees, table, stride: stride, rows: count)
                sums.add(leaves, trees: trees.count, rows: count, to: context.scratch)
            }
            for row in 0..<count {
                task.finish.write(first + row, sums.row(row, context.scratch), divisor: divisor, context)
            }
        }
    }
}
