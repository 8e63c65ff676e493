import GraphIR
import Tensors

/// A regression by support vectors, or by one line of weights; or whether a row is like those that a model was made of.
///
/// - Shapes: table [rows, features] → float32 [rows, 1]; with `one_class` 1 for what is alike and -1 for what is not.
/// - Source: ONNX operator ai.onnx.ml SVMRegressor. Its post_transform would change a score that stands alone: as in onnxruntime
///   it is read and not applied.
struct SVMRegressor: Operator {
    fileprivate let similarity: SimilarityFunction
    /// One after the other; the weights alone when there are no support vectors.
    fileprivate let vectors: [Float]
    /// One for each vector.
    fileprivate let coefficients: [Float]
    fileprivate let intercept: Float
    fileprivate let featureCount: Int
    fileprivate let isOneClass: Bool

    init(_ reader: AttributeReader) throws(OperatorError) {
        let count = try reader.integer("n_supports", default: 0)
        let coefficients = try reader.floats("coefficients") ?? [], vectors = try reader.floats("support_vectors") ?? []
        guard let intercept = try reader.floats("rho")?.first else {
            throw .invalidAttribute(name: "rho", reason: "is missing, expected a number")
        }
        guard !coefficients.isEmpty else { throw .invalidAttribute(name: "coefficients", reason: "is missing") }
        if count > 0 {
            guard coefficients.count == count, !vectors.isEmpty, vectors.count % count == 0 else {
                throw .invalidAttribute(
                    name: "support_vectors and coefficients",
                    reason: "have \(vectors.count) and \(coefficients.count) numbers for \(count) vectors")
            }
            similarity = try SimilarityFunction(reader)
            (self.vectors, self.coefficients) = (vectors, coefficients)
        } else {
            similarity = .linear
            (self.vectors, self.coefficients) = (coefficients, [1])
        }
        self.intercept = intercept
        featureCount = self.vectors.count / self.coefficients.count
        isOneClass = try reader.flag("one_class", default: false)
        _ = try reader.choice("post_transform", default: PostTransform.none)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let rows = try ClassicalInput.rows(try inputs.required(0, of: ClassicalInput.types), features: featureCount)
        return [ValueFact(.float32, SymbolicShape([rows, .known(1)]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let table = try context.input(0)
        if context.makesNothing { return .nothing }
        return CompiledOperator(
            SVMRegressorKernel(model: self, type: table.elementType, rows: ClassicalInput.table(table.shape).rows),
            scratchByteCount: ByteCount.of(Float.self, featureCount))
    }
}

private struct SVMRegressorKernel: Kernel {
    let model: SVMRegressor
    let type: ElementType
    let rows: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        try type.dispatchClassical(
            FeatureRows(rows: rows, columns: model.featureCount, context: context) { row, features in
                let score = score(features)
                context.output(0, as: Float.self)[row] = model.isOneClass ? (score > 0 ? 1 : -1) : score
            })
    }

    private func score(_ features: UnsafePointer<Float>) -> Float {
        model.vectors.withUnsafeBufferPointer { vectors in
            guard let vectors = vectors.baseAddress else { return model.intercept }
            var sum: Float = 0
            for (index, coefficient) in model.coefficients.enumerated() {
                sum += coefficient * model.similarity(features, vectors + index * model.featureCount, model.featureCount)
            }
            return sum + model.intercept
        }
    }
}

/// Hands on the rows of a table, one after the other, as floats at the start of the scratch memory.
struct FeatureRows: ClassicalVisitor {
    let rows: Int
    let columns: Int
    let context: KernelContext
    let body: (Int, UnsafeMutablePointer<Float>) -> Void

    func visit<Element: NumericElement>(_: Element.Type) throws(OperatorError) {
        let table = context.input(0, as: Element.self)
        let features = context.scratch.assumingMemoryBound(to: Float.self)
        for row in 0..<rows {
            for column in 0..<columns { features[column] = table[row * columns + column].asFloat }
            body(row, features)
        }
    }
}

extension ClassicalInput {
    /// The rows of a table that must have `features` columns.
    static func rows(_ fact: ValueFact, features: Int) throws(OperatorError) -> Dimension {
        let (rows, columns) = try table(fact)
        if let columns = columns.value, columns != features {
            throw .invalidInput(index: 0, reason: "has \(columns) features, the model is made for \(features)")
        }
        return rows
    }
}
