import GraphIR
import Tensors

/// What is made of a row's aggregated scores.
struct ForestFinish: Sendable {
    enum Kind: Sendable {
        /// - Parameter type: of the output; float32 or float64.
        case regression(PostTransform, type: ElementType)
        case classification(PostTransform, labels: [Int64], TreeBinaryRule?)
    }

    let kind: Kind
    /// Added to the scores; one for each output.
    let base: [Double]

    var outputCount: Int { base.count }

    /// - Parameters:
    ///   - sums: of the row; overwritten.
    ///   - divisor: the number of trees for an average, else 1.
    func write(_ row: Int, _ sums: UnsafeMutablePointer<Double>, divisor: Double, _ context: KernelContext) {
        for output in 0..<outputCount { sums[output] = sums[output] / divisor + base[output] }
        switch kind {
        case .regression(let transform, .float64):
            let target = context.output(0, as: Double.self) + row * outputCount
            guard transform != .none else { return target.update(from: sums, count: outputCount) }
            // Transforms work in binary32, on the memory of sums that have been read.
            let scores = UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Float.self)
            round(sums, to: scores)
            transform.apply(scores, outputCount)
            for output in 0..<outputCount { target[output] = Double(scores[output]) }
        case .regression(let transform, _):
            let scores = context.output(0, as: Float.self) + row * outputCount
            round(sums, to: scores)
            transform.apply(scores, outputCount)
        case .classification(let transform, let labels, let binary):
            let scores = context.output(1, as: Float.self) + row * labels.count
            let label = context.output(0, as: Int64.self) + row
            if let binary {
                label.pointee = labels[binary.finish(Float(sums[binary.output]), transform, scores) ? 1 : 0]
            } else {
                round(sums, to: scores)
                label.pointee = labels[indexOfLargest(scores, labels.count)]
                transform.apply(scores, labels.count)
            }
        }
    }

    @inline(__always)
    private func round(_ sums: UnsafeMutablePointer<Double>, to scores: UnsafeMutablePointer<Float>) {
        for output in 0..<outputCount { scores[output] = Float(sums[output]) }
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
