import GraphIR
import Tensors

/// How the trees' answers become one.
enum ForestAggregate: String, CaseIterable, Sendable {
    case sum = "SUM"
    case average = "AVERAGE"
    case min = "MIN"
    case max = "MAX"
}

/// A forest in the precision that its numbers ask for.
enum AnyForest: Sendable {
    case single(Forest<Float>)
    case double(Forest<Double>)

    var featureCount: Int {
        switch self {
        case .single(let forest): forest.featureCount
        case .double(let forest): forest.featureCount
        }
    }

    /// The forest for features of `type`: those of binary64 or integer type are compared in binary64.
    func comparing(_ type: ElementType) -> AnyForest {
        if case .single(let forest) = self, type != .float32 { return .double(Forest(widening: forest)) }
        return self
    }
}

/// Walks every row of a table through all trees and adds up the leaves.
struct ForestKernel: Kernel {
    /// What is made of the aggregated scores of a row.
    enum Finish: Sendable {
        case regression(PostTransform)
        case classification(PostTransform, labels: [Int64], TreeBinaryRule?)
    }

    /// Rows that go through a tree together, so that its branches are read once for all.
    private static let blockExtent = 32

    let forest: AnyForest
    let type: ElementType
    /// Of the scores: float32 or float64.
    let outputType: ElementType
    let rows: Int
    let columns: Int
    let outputCount: Int
    let aggregate: ForestAggregate
    /// Added to the aggregated scores; one for each output.
    let base: [Double]
    let finish: Finish

    /// Sums of a block of rows, in binary64, and which of them a leaf has touched.
    var scratchByteCount: Int { ByteCount.of(Double.self, ByteCount.product(2 * Self.blockExtent, outputCount)) }

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(Walking(kernel: self, context: context))
    }

    private struct Walking: ClassicalVisitor {
        let kernel: ForestKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            switch kernel.forest {
            case .single(let forest): walk(Element.self, forest)
            case .double(let forest): walk(Element.self, forest)
            }
        }

        @inline(__always)
        private func walk<Element: NumericElement, Number>(_: Element.Type, _ forest: Forest<Number>) {
            let table = context.input(0, as: Element.self)
            let sums = context.scratch.assumingMemoryBound(to: Double.self)
            let outputs = kernel.outputCount, columns = kernel.columns, blockExtent = ForestKernel.blockExtent
            let touched = (sums + blockExtent * outputs)
            for start in stride(from: 0, to: kernel.rows, by: blockExtent) {
                let count = min(blockExtent, kernel.rows - start)
                for index in 0..<count * outputs {
                    sums[index] = 0
                    touched[index] = 0
                }
                addTrees(forest, table + start * columns, count, sums, touched)
                for row in 0..<count {
                    kernel.finishRow(context, start + row, sums + row * outputs, touched + row * outputs, forest.roots.count)
                }
            }
        }

        @inline(__always)
        private func addTrees<Element: NumericElement, Number>(
            _ forest: Forest<Number>, _ table: UnsafePointer<Element>, _ count: Int,
            _ sums: UnsafeMutablePointer<Double>, _ touched: UnsafeMutablePointer<Double>
        ) {
            let outputs = kernel.outputCount, columns = kernel.columns, aggregate = kernel.aggregate
            let isPlain = forest.rules.isEmpty
            forest.branches.withUnsafeBufferPointer { branches in
                forest.leafStarts.withUnsafeBufferPointer { starts in
                    forest.outputs.withUnsafeBufferPointer { targets in
                        forest.weights.withUnsafeBufferPointer { weights in
                            for root in forest.roots {
                                for row in 0..<count {
                                    let features = table + row * columns
                                    // A forest of leaves only has no branch to point at.
                                    let leaf =
                                        root < 0
                                        ? Int(~root)
                                        : isPlain
                                            ? Forest<Number>.leaf(from: root, features, branches.baseAddress!)
                                            : forest.leafByRules(from: root, features)
                                    for entry in Int(starts[leaf])..<Int(starts[leaf + 1]) {
                                        let place = row * outputs + Int(targets[entry])
                                        add(Double(weights[entry]), sums + place, touched + place, aggregate)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }

        @inline(__always)
        private func add(
            _ weight: Double, _ sum: UnsafeMutablePointer<Double>, _ touched: UnsafeMutablePointer<Double>,
            _ aggregate: ForestAggregate
        ) {
            switch aggregate {
            case .sum, .average: sum.pointee += weight
            case .min: sum.pointee = touched.pointee == 0 ? weight : min(sum.pointee, weight)
            case .max: sum.pointee = touched.pointee == 0 ? weight : max(sum.pointee, weight)
            }
            touched.pointee = 1
        }
    }

    private func finishRow(
        _ context: KernelContext, _ row: Int, _ sums: UnsafeMutablePointer<Double>,
        _ touched: UnsafeMutablePointer<Double>, _ treeCount: Int
    ) {
        for output in 0..<outputCount {
            if aggregate == .average { sums[output] /= Double(treeCount) }
            sums[output] += base[output]
        }
        switch finish {
        case .regression(let transform):
            guard !(outputType == .float64 && transform == .none) else {
                (context.output(0, as: Double.self) + row * outputCount).update(from: sums, count: outputCount)
                return
            }
            // Transforms work in binary32; the memory that told touched sums is free again.
            let scores =
                outputType == .float64
                ? UnsafeMutableRawPointer(touched).assumingMemoryBound(to: Float.self)
                : context.output(0, as: Float.self) + row * outputCount
            for output in 0..<outputCount { scores[output] = Float(sums[output]) }
            transform.apply(scores, outputCount)
            guard outputType == .float64 else { return }
            let target = context.output(0, as: Double.self) + row * outputCount
            for output in 0..<outputCount { target[output] = Double(scores[output]) }
        case .classification(let transform, let labels, let binary):
            let scores = context.output(1, as: Float.self) + row * labels.count
            let label = context.output(0, as: Int64.self) + row
            if let binary {
                label.pointee = labels[binary.finish(Float(sums[binary.output]), transform, scores) ? 1 : 0]
            } else {
                for output in 0..<outputCount { scores[output] = Float(sums[output]) }
                label.pointee = labels[indexOfLargest(scores, labels.count)]
                transform.apply(scores, labels.count)
            }
        }
    }
}

/// A classifier of two classes whose leaves speak of one class only: its score decides.
struct TreeBinaryRule: Sendable {
    /// The class that the leaves name.
    let output: Int
    /// Whether no weight is negative: then the score is a probability and is held against 1/2, else a margin against 0.
    let isProbability: Bool

    /// Writes the two scores; answers whether the second class wins.
    func finish(_ score: Float, _ transform: PostTransform, _ scores: UnsafeMutablePointer<Float>) -> Bool {
        if output == 0 {
            transform.binary(score, isProbability: isProbability, into: scores)
        } else {
            (scores[0], scores[1]) = (0, score)
            transform.apply(scores, 2)
        }
        return score > (isProbability ? 0.5 : 0)
    }
}
