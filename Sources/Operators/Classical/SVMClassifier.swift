import GraphIR
import Tensors

/// A classifier that compares rows with support vectors of each class, two classes at a time, or with one line of weights for each
/// class when there are no support vectors.
///
/// - Shapes: table [rows, features] → int64 labels [rows], float32 scores [rows, scores]. Scores are one for each class when there
///   are probabilities (`prob_a`, `prob_b`), weights or two classes; else one for each pair of classes.
/// - Support vectors: each pair of classes gives a vote, the class with the most wins, the first of equal ones.
/// - Weights: the class with the largest score wins; of two classes the second one does as soon as any score is above 0, or
///   is 1/2 where all weights are positive.
/// - Source: ONNX operator ai.onnx.ml SVMClassifier, where the standard is silent as onnxruntime has it; string labels are put in
///   place by `NamedClasses`.
struct SVMClassifier: Operator {
    let model: VectorMachine
    let labels: [Int64]
    let transform: PostTransform

    init(_ reader: AttributeReader, labels: [Int64]) throws(OperatorError) {
        guard labels.count >= 2 else { throw .unsupported("a classifier of \(labels.count) class") }
        self.labels = labels
        transform = try reader.choice("post_transform", default: .none)
        model = try VectorMachine(reader, classCount: labels.count)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let rows = try model.rows(inputs)
        return [ValueFact(.int64, SymbolicShape([rows])), ValueFact(.float32, SymbolicShape([rows, .known(model.scoreCount)]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let table = try context.input(0)
        if context.makesNothing { return .nothing }
        let kernel = SVMClassifierKernel(
            model: model, labels: labels, transform: transform, type: table.elementType,
            rows: ClassicalInput.table(table.shape).rows)
        return CompiledOperator(kernel, scratchByteCount: kernel.scratchByteCount)
    }
}

/// The attributes of SVMClassifier, found to be of matching lengths.
struct VectorMachine: Sendable {
    let similarity: SimilarityFunction
    let classCount: Int
    let featureCount: Int
    /// Of all classes, one class after the other; empty when `coefficients` are weights of each class.
    let vectors: [Float]
    /// Where each class's vectors begin, and where the last one's end.
    let starts: [Int]
    /// [classes - 1, vectors], or [classes, features].
    let coefficients: [Float]
    /// One for each pair of classes; for weights the first alone counts.
    let intercepts: [Float]
    /// Of the logistic function of each pair; empty when there are no probabilities.
    let slopes: [Float]
    let shifts: [Float]
    let isPositive: Bool

    var vectorCount: Int { starts.last ?? 0 }
    var hasVectors: Bool { vectorCount > 0 }
    var pairCount: Int { classCount * (classCount - 1) / 2 }
    var scoreCount: Int { hasVectors && slopes.isEmpty && classCount > 2 ? pairCount : classCount }

    init(_ reader: AttributeReader, classCount: Int) throws(OperatorError) {
        guard classCount <= 1 << 15 else { throw .unsupported("a classifier of \(classCount) classes") }
        self.classCount = classCount
        coefficients = try reader.floats("coefficients") ?? []
        isPositive = coefficients.allSatisfy { $0 >= 0 }
        intercepts = try reader.floats("rho") ?? []
        vectors = try reader.floats("support_vectors") ?? []
        starts = try Self.starts(try reader.integers("vectors_per_class") ?? [], limit: vectors.count)
        guard let vectorCount = starts.last, vectorCount > 0 else {
            similarity = .linear
            (slopes, shifts) = ([], [])
            guard !coefficients.isEmpty, coefficients.count % classCount == 0, !intercepts.isEmpty else {
                throw .invalidAttribute(
                    name: "coefficients and rho",
                    reason: "have \(coefficients.count) and \(intercepts.count) numbers for \(classCount) classes")
            }
            featureCount = coefficients.count / classCount
            return
        }
        similarity = try SimilarityFunction(reader)
        guard starts.count == classCount + 1 else {
            throw .invalidAttribute(name: "vectors_per_class", reason: "has \(starts.count - 1) numbers for \(classCount) classes")
        }
        guard vectors.count % vectorCount == 0 else {
            throw .invalidAttribute(
                name: "support_vectors", reason: "has \(vectors.count) numbers, which do not divide into \(vectorCount) vectors")
        }
        featureCount = vectors.count / vectorCount
        guard coefficients.count == ByteCount.product(classCount - 1, vectorCount) else {
            throw .invalidAttribute(
                name: "coefficients",
                reason: "has \(coefficients.count) numbers, expected \(classCount - 1) for each support vector")
        }
        slopes = try reader.floats("prob_a") ?? []
        shifts = try reader.floats("prob_b") ?? []
        let pairs = classCount * (classCount - 1) / 2
        guard intercepts.count >= pairs, slopes.count == shifts.count, slopes.isEmpty || slopes.count >= pairs else {
            throw .invalidAttribute(
                name: "rho, prob_a and prob_b",
                reason: "have \(intercepts.count), \(slopes.count) and \(shifts.count) numbers, expected \(pairs)")
        }
    }

    private static func starts(_ counts: [Int], limit: Int) throws(OperatorError) -> [Int] {
        var starts = [0]
        for count in counts {
            let start = starts[starts.count - 1]
            guard count >= 0, count <= limit - start else {
                throw .invalidAttribute(name: "vectors_per_class", reason: "is \(counts) for \(limit) numbers of support vectors")
            }
            starts.append(start + count)
        }
        return starts
    }

    /// The rows of the table, after its columns are found to match.
    func rows(_ inputs: OperatorInputs) throws(OperatorError) -> Dimension {
        try inputs.checkCount(1...1)
        return try ClassicalInput.rows(try inputs.required(0, of: ClassicalInput.types), features: featureCount)
    }
}

private struct SVMClassifierKernel: Kernel {
    let model: VectorMachine
    let labels: [Int64]
    let transform: PostTransform
    let type: ElementType
    let rows: Int

    /// The row as floats, its likeness to each vector, a score for each pair, votes and weights of each class, and two tables of
    /// pairs.
    var scratchByteCount: Int {
        let squares = model.slopes.isEmpty ? 0 : ByteCount.product(2, ByteCount.product(model.classCount, model.classCount))
        return ByteCount.of(Float.self, model.featureCount, model.vectorCount, model.pairCount, 2 * model.classCount, squares)
    }

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(
            FeatureRows(rows: rows, columns: model.featureCount, context: context) { row, features in
                classify(features, row, context)
            })
    }

    private func classify(_ features: UnsafeMutablePointer<Float>, _ row: Int, _ context: KernelContext) {
        let target = context.output(1, as: Float.self) + row * model.scoreCount
        let winner = model.hasVectors ? compare(features, target) : weigh(features, target)
        context.output(0, as: Int64.self)[row] = labels[winner]
    }

    /// A score of each class by its weights; returns the class with the largest.
    private func weigh(_ features: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>) -> Int {
        model.coefficients.withUnsafeBufferPointer { weights in
            guard let weights = weights.baseAddress else { return }
            for index in 0..<model.classCount {
                scores[index] =
                    model.intercepts[0] + model.similarity(features, weights + index * model.featureCount, model.featureCount)
            }
        }
        var winner = indexOfLargest(scores, model.classCount)
        if model.classCount == 2, model.isPositive ? scores[winner] >= 0.5 : scores[winner] > 0 { winner = 1 }
        transform.apply(scores, model.classCount)
        return winner
    }

    /// Lets each pair of classes vote; returns the class with the most votes.
    private func compare(_ features: UnsafeMutablePointer<Float>, _ scores: UnsafeMutablePointer<Float>) -> Int {
        let likeness = features + model.featureCount, margins = likeness + model.vectorCount
        let votes = margins + model.pairCount
        model.vectors.withUnsafeBufferPointer { vectors in
            guard let vectors = vectors.baseAddress else { return }
            for index in 0..<model.vectorCount {
                likeness[index] = model.similarity(features, vectors + index * model.featureCount, model.featureCount)
            }
        }
        vote(likeness, margins, votes)
        let winner = indexOfLargest(votes, model.classCount)
        guard model.slopes.isEmpty else {
            PairProbabilities(count: model.classCount).write(
                pairs: margins, slopes: model.slopes, shifts: model.shifts, scratch: votes + model.classCount, into: scores)
            transform.apply(scores, model.classCount)
            return winner
        }
        guard model.classCount == 2 else {
            scores.update(from: margins, count: model.pairCount)
            transform.apply(scores, model.pairCount)
            return winner
        }
        transform.binary(margins[0], isProbability: transform != .none, into: scores)
        return winner
    }

    private func vote(
        _ likeness: UnsafePointer<Float>, _ margins: UnsafeMutablePointer<Float>, _ votes: UnsafeMutablePointer<Float>
    ) {
        var pair = 0
        for index in 0..<model.classCount { votes[index] = 0 }
        for first in 0..<model.classCount {
            for second in first + 1..<model.classCount {
                let margin =
                    model.intercepts[pair] + sum(likeness, of: first, line: second - 1) + sum(likeness, of: second, line: first)
                margins[pair] = margin
                votes[margin > 0 ? first : second] += 1
                pair += 1
            }
        }
    }

    /// The likeness to the vectors of one class, weighted by a line of coefficients.
    private func sum(_ likeness: UnsafePointer<Float>, of index: Int, line: Int) -> Float {
        var sum: Float = 0
        for vector in model.starts[index]..<model.starts[index + 1] {
            sum += model.coefficients[line * model.vectorCount + vector] * likeness[vector]
        }
        return sum
    }
}
