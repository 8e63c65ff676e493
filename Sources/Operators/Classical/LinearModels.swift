import GraphIR
import Tensors

/// Weights of linear scores: scores [rows, outputs] = table [rows, features] · weights [outputs, features]ᵀ + intercepts.
struct LinearScores: Sendable {
    let weights: Tensor
    let intercepts: Tensor
    let outputCount: Int
    let featureCount: Int

    /// - Parameter outputCount: nil takes the number of intercepts.
    init(coefficients: [Float], intercepts: [Float], outputCount: Int?) throws(OperatorError) {
        let outputs = outputCount ?? intercepts.count
        guard outputs > 0, !coefficients.isEmpty, coefficients.count % outputs == 0 else {
            throw .invalidAttribute(
                name: "coefficients", reason: "has \(coefficients.count) numbers, which do not divide into \(outputs) rows")
        }
        guard intercepts.isEmpty || intercepts.count == outputs else {
            throw .invalidAttribute(name: "intercepts", reason: "has \(intercepts.count) numbers, expected \(outputs)")
        }
        featureCount = coefficients.count / outputs
        self.outputCount = outputs
        weights = Tensor(coefficients, shape: [outputs, featureCount])
        self.intercepts = Tensor(
            intercepts.isEmpty ? [Float](repeating: 0, count: outputs) : intercepts, shape: [outputs])
    }

    /// The table's rows, after the weights are found to suffice for its columns.
    ///
    /// A table with fewer columns reads the coefficients as rows of that many, and what is left over not at all, as ONNX Runtime
    /// does: models exported for another number of features than their input declares depend on it.
    func table(_ fact: ValueFact) throws(OperatorError) -> Dimension {
        let (rows, columns) = try ClassicalInput.table(fact)
        if let columns = columns.value, columns > featureCount {
            throw .invalidInput(index: 0, reason: "has \(columns) features, the model has coefficients for \(featureCount)")
        }
        return rows
    }
}

/// Computes linear scores and what is made of them.
struct LinearScoresKernel: Kernel {
    let scores: LinearScores
    let table: TensorSpec
    let transform: PostTransform
    /// A classifier's labels; empty for a regressor.
    let labels: [Int64]

    /// Whether one score decides between two classes.
    private var isBinary: Bool { labels.count == 2 && scores.outputCount == 1 }

    func run(_ context: KernelContext) throws(OperatorError) {
        try table.elementType.dispatchClassical(Scoring(kernel: self, context: context))
    }

    private struct Scoring: ClassicalVisitor {
        let kernel: LinearScoresKernel
        let context: KernelContext

        func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
            let isClassifier = !kernel.labels.isEmpty
            let table = context.input(0, as: Element.self)
            let target = context.output(isClassifier ? 1 : 0, as: Float.self)
            let outputs = kernel.scores.outputCount
            let (rows, features) = ClassicalInput.table(kernel.table.shape)
            let width = kernel.isBinary ? 2 : outputs
            kernel.scores.weights.withBytes { bytes in
                let weights = bytes.bindMemory(to: Float.self).baseAddress
                kernel.scores.intercepts.withBytes { bytes in
                    guard let weights, let intercepts = bytes.bindMemory(to: Float.self).baseAddress else { return }
                    for row in 0..<rows {
                        let scores = target + row * width
                        for output in 0..<outputs {
                            scores[output] =
                                intercepts[output]
                                + dot(table + row * features, weights + output * features, features)
                        }
                        finish(row, scores, width)
                    }
                }
            }
        }

        @inline(__always)
        private func dot<Element: NumericElement>(
            _ row: UnsafePointer<Element>, _ weights: UnsafePointer<Float>, _ count: Int
        ) -> Float {
            // Four sums at once: the additions need not wait for each other.
            var sums = SIMD4<Float>()
            var index = 0
            while index + 4 <= count {
                let values = SIMD4(
                    row[index].asFloat, row[index + 1].asFloat, row[index + 2].asFloat, row[index + 3].asFloat)
                sums += values * SIMD4(weights[index], weights[index + 1], weights[index + 2], weights[index + 3])
                index += 4
            }
            var sum = sums.sum()
            while index < count {
                sum += row[index].asFloat * weights[index]
                index += 1
            }
            return sum
        }

        private func finish(_ row: Int, _ scores: UnsafeMutablePointer<Float>, _ width: Int) {
            guard !kernel.labels.isEmpty else {
                kernel.transform.apply(scores, width)
                return
            }
            let label = context.output(0, as: Int64.self) + row
            if kernel.isBinary {
                label.pointee = kernel.labels[scores[0] > 0 ? 1 : 0]
                kernel.transform.binary(scores[0], isProbability: true, into: scores)
            } else {
                label.pointee = kernel.labels[indexOfLargest(scores, width)]
                kernel.transform.apply(scores, width)
            }
        }
    }
}

/// The first index of the largest score.
func indexOfLargest(_ scores: UnsafePointer<Float>, _ count: Int) -> Int {
    var best = 0
    for index in 1..<max(count, 1) where scores[index] > scores[best] { best = index }
    return best
}

/// A linear classifier: the label of the best linear score, and the scores.
///
/// - Shapes: table [rows, features] → int64 labels [rows], float32 scores [rows, classes]. One row of coefficients
///   with two labels is a binary model: its score decides by sign.
/// - Source: ONNX operator ai.onnx.ml LinearClassifier; string labels are put in place by `NamedClasses`.
struct LinearClassifier: Operator {
    let scores: LinearScores
    let labels: [Int64]
    let transform: PostTransform

    init(_ reader: AttributeReader, labels: [Int64]) throws(OperatorError) {
        self.labels = labels
        let intercepts = try reader.floats("intercepts") ?? []
        scores = try LinearScores(
            coefficients: try reader.floats("coefficients") ?? [], intercepts: intercepts,
            outputCount: intercepts.isEmpty ? labels.count : nil)
        guard scores.outputCount == labels.count || scores.outputCount == 1 && labels.count == 2 else {
            throw .invalidAttribute(
                name: "classlabels_ints", reason: "has \(labels.count) labels for \(scores.outputCount) rows of coefficients")
        }
        transform = try reader.choice("post_transform", default: .none)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let rows = try scores.table(try inputs.required(0, of: ClassicalInput.types))
        return [
            ValueFact(.int64, SymbolicShape([rows])), ValueFact(.float32, SymbolicShape([rows, .known(labels.count)])),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(LinearScoresKernel(scores: scores, table: try context.input(0), transform: transform, labels: labels))
    }
}

/// A linear regression.
///
/// - Shapes: table [rows, features] → float32 [rows, targets].
/// - Source: ONNX operator ai.onnx.ml LinearRegressor.
struct LinearRegressor: Operator {
    let scores: LinearScores
    let transform: PostTransform

    init(_ reader: AttributeReader) throws(OperatorError) {
        scores = try LinearScores(
            coefficients: try reader.floats("coefficients") ?? [], intercepts: try reader.floats("intercepts") ?? [],
            outputCount: try reader.integer("targets", default: 1))
        transform = try reader.choice("post_transform", default: .none)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let rows = try scores.table(try inputs.required(0, of: ClassicalInput.types))
        return [ValueFact(.float32, SymbolicShape([rows, .known(scores.outputCount)]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(LinearScoresKernel(scores: scores, table: try context.input(0), transform: transform, labels: []))
    }
}
