import GraphIR
import Tensors

/// A classifier made of decision trees.
///
/// - Shapes: table [rows, features] → int64 labels [rows], float32 scores [rows, classes].
/// - Two classes whose leaves all name one class are a binary model (see `TreeBinaryRule`); otherwise the class with the
///   largest sum wins, the first of equal ones.
/// - Source: ONNX operator ai.onnx.ml TreeEnsembleClassifier, opset 1 and 3; string labels are put in place by
///   `NamedClasses`.
struct TreeEnsembleClassifier: Operator {
    let ensemble: TreeEnsembleModel
    let labels: [Int64]
    let transform: PostTransform
    /// How one score decides; nil when each class has a score of its own.
    let binary: TreeBinaryRule?

    init(_ reader: AttributeReader, labels: [Int64]) throws(OperatorError) {
        self.labels = labels
        let description = try TreeDescription(reader, leaves: "class", outputCount: labels.count)
        var base = try reader.numbers("base_values")?.values ?? []
        // Base values for both classes make scores of both.
        binary = base.count == 2 ? nil : Self.binaryRule(description, classCount: labels.count)
        if let binary, base.count == 1 { base = binary.output == 0 ? [base[0], 0] : [0, base[0]] }
        ensemble = try TreeEnsembleModel(description, outputCount: labels.count, aggregate: .sum, base: base)
        transform = try reader.choice("post_transform", default: .none)
    }

    private static func binaryRule(_ description: TreeDescription, classCount: Int) -> TreeBinaryRule? {
        guard classCount == 2 else { return nil }
        var named: Set<Int> = []
        var isProbability = true
        for node in description.nodes {
            for (output, weight) in node.weights {
                named.insert(output)
                if weight < 0 { isProbability = false }
            }
        }
        guard named.count == 1, let output = named.first else { return nil }
        return TreeBinaryRule(output: output, isProbability: isProbability)
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let rows = try ensemble.rows(inputs)
        return [
            ValueFact(.int64, SymbolicShape([rows])), ValueFact(.float32, SymbolicShape([rows, .known(labels.count)])),
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try ensemble.compile(context, .classification(transform, labels: labels, binary))
    }
}

/// A regression made of decision trees.
///
/// - Shapes: table [rows, features] → float32 [rows, targets]; TreeEnsemble gives the table's type.
/// - Source: ONNX operators ai.onnx.ml TreeEnsembleRegressor, opset 1 and 3, and TreeEnsemble, opset 5.
struct TreeEnsembleRegressor: Operator {
    let ensemble: TreeEnsembleModel
    let transform: PostTransform
    var name = "TreeEnsembleRegressor"
    private var keepsType = false

    init(_ reader: AttributeReader) throws(OperatorError) {
        let count = try Self.targetCount(reader)
        ensemble = try TreeEnsembleModel(
            TreeDescription(reader, leaves: "target", outputCount: count), outputCount: count,
            aggregate: reader.choice("aggregate_function", default: .sum),
            base: reader.numbers("base_values")?.values ?? [])
        transform = try reader.choice("post_transform", default: .none)
    }

    /// Reads TreeEnsemble, which numbers aggregates and transforms.
    init(ensemble reader: AttributeReader) throws(OperatorError) {
        name = "TreeEnsemble"
        keepsType = true
        let count = try Self.targetCount(reader)
        let aggregates: [ForestAggregate] = [.average, .sum, .min, .max]
        let transforms: [PostTransform] = [.none, .softmax, .logistic, .softmaxZero, .probit]
        let aggregate = try reader.integer("aggregate_function", default: 1)
        let transform = try reader.integer("post_transform", default: 0)
        guard aggregates.indices.contains(aggregate) else {
            throw .invalidAttribute(name: "aggregate_function", reason: "is \(aggregate), expected 0 to 3")
        }
        guard transforms.indices.contains(transform) else {
            throw .invalidAttribute(name: "post_transform", reason: "is \(transform), expected 0 to 4")
        }
        ensemble = try TreeEnsembleModel(
            TreeDescription(reader, outputCount: count), outputCount: count, aggregate: aggregates[aggregate], base: [])
        self.transform = transforms[transform]
    }

    private static func targetCount(_ reader: AttributeReader) throws(OperatorError) -> Int {
        let count = try reader.integer("n_targets", default: 1)
        guard (1...1 << 20).contains(count) else {
            throw .invalidAttribute(name: "n_targets", reason: "is \(count), expected 1 to \(1 << 20)")
        }
        return count
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let rows = try ensemble.rows(inputs)
        let table = try inputs.required(0)
        if keepsType, table.elementType.isInteger {
            throw .unsupportedType(input: 0, found: table.elementType, supported: [.float32, .float64])
        }
        return [
            ValueFact(keepsType ? table.elementType : .float32, SymbolicShape([rows, .known(ensemble.outputCount)]))
        ]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.tableRows() }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        try ensemble.compile(context, .regression(transform, type: context.outputs[0].elementType))
    }
}

/// What the tree operators have in common.
struct TreeEnsembleModel: Sendable {
    let outputCount: Int
    let aggregate: ForestAggregate
    /// One for each output.
    let base: [Double]
    private let forest: AnyForest

    init(
        _ description: TreeDescription, outputCount: Int, aggregate: ForestAggregate, base: [Double]
    ) throws(OperatorError) {
        guard base.isEmpty || base.count == outputCount else {
            throw .invalidAttribute(name: "base_values", reason: "has \(base.count) numbers, expected \(outputCount) or none")
        }
        self.outputCount = outputCount
        self.aggregate = aggregate
        self.base = base.isEmpty ? [Double](repeating: 0, count: outputCount) : base
        forest = try AnyForest(description, outputCount: outputCount, areSummed: aggregate.isSum)
    }

    /// The rows of the table, after its columns are found to be enough.
    func rows(_ inputs: OperatorInputs) throws(OperatorError) -> Dimension {
        try inputs.checkCount(1...1)
        let (rows, columns) = try ClassicalInput.table(try inputs.required(0, of: ClassicalInput.types))
        if let columns = columns.value, columns < forest.featureCount {
            throw .invalidInput(index: 0, reason: "has \(columns) features, the trees ask for feature \(forest.featureCount - 1)")
        }
        return rows
    }

    func compile(_ context: CompileContext, _ kind: ForestFinish.Kind) throws(OperatorError) -> CompiledOperator {
        let table = try context.input(0)
        let (rows, columns) = ClassicalInput.table(table.shape)
        let task = ForestTask(
            type: table.elementType, rows: rows, columns: columns, aggregate: aggregate,
            finish: ForestFinish(kind: kind, base: base))
        return try forest.compile(task, context.functions)
    }
}
