import GraphIR
import Tensors

/// Records (`Example`) taken apart into tensors by their features.
///
/// - Shapes: records: string [n] or [] → for each sparse feature indices, values and shape (all indices first), for each dense one
///   [n, shape…], for each ragged one values and row splits (all values first).
/// - Source: TensorFlow operators ParseExample, ParseExampleV2 and ParseSingleExample.
struct ParseExample: DynamicOperator {
    /// Where the keys are found.
    private enum Keys: Sendable {
        /// One input each: ParseExample.
        case inputs
        /// One list for each kind of feature: ParseExampleV2.
        case lists
        /// In the attributes: ParseSingleExample.
        case fixed([[UInt8]])
    }

    let name: String
    private let keys: Keys
    /// Sparse ones first, then dense ones, then ragged ones.
    private let plans: [FeaturePlan]
    private let sparseCount: Int
    private let denseCount: Int

    private var raggedCount: Int { plans.count - sparseCount - denseCount }

    private init(_ name: String, _ keys: Keys, _ sparse: [FeaturePlan], _ dense: [FeaturePlan], _ ragged: [FeaturePlan] = []) {
        self.name = name
        self.keys = keys
        plans = sparse + dense + ragged
        sparseCount = sparse.count
        denseCount = dense.count
    }

    var acceptsObjects: Bool { true }

    private var firstDefault: Int {
        switch keys {
        case .inputs: 2 + sparseCount + denseCount
        case .lists: 5
        case .fixed: 1
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(firstDefault + denseCount...firstDefault + denseCount)
        let records = try inputs.text(0)
        let isSingle: Bool? = if case .fixed = keys { true } else { records.shape.map { $0.rank == 0 } }
        let batch: [Dimension]? = isSingle.map { $0 ? [] : [records.shape?.dimensions.first ?? .unknown] }
        var indices: [ValueFact] = [], values: [ValueFact] = [], shapes: [ValueFact] = [], dense: [ValueFact] = []
        var ragged: [ValueFact] = [], splits: [ValueFact] = []
        for plan in plans {
            switch plan.form {
            case .sparse:
                let facts = OperatorInputs.sparse(plan.type, rank: batch.map { $0.count + 1 })
                indices.append(facts[0])
                values.append(facts[1])
                shapes.append(facts[2])
            case .dense(let shape):
                let known = shape.dimensions.map { $0.value.map(Dimension.known) ?? .unknown }
                dense.append(ValueFact(plan.type, batch.map { SymbolicShape($0 + known) }))
            case .ragged(let type):
                ragged.append(.list(plan.type))
                splits.append(.list(type))
            }
        }
        return indices + values + shapes + dense + ragged + splits
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard plans.allSatisfy(\.form.isFixed) else { return .mixed(RowReason.compacted) }
        return inputs.elementwise()
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let records = try context.strings(0)
        let isSingle = records.shape.rank == 0
        if case .fixed = keys, !isSingle {
            throw OperatorError.invalidInput(index: 0, reason: "Expected serialized to be a scalar, got shape: \(records.shape)")
        }
        guard records.shape.rank <= 1 else {
            throw OperatorError.invalidInput(index: 0, reason: "Expected serialized to be a scalar or vector, got shape: \(records.shape)")
        }
        let keys = try keys(context)
        var names: [[UInt8]] = []
        if case .fixed = self.keys {} else { names = try context.strings(1).elements }
        let byteCount = records.elements.reduce(0) { ByteCount.sum($0, $1.count) }
        let scratch = ByteCount.sum(ByteCount.product(byteCount, 8), ByteCount.product(records.elements.count, 32 * max(1, plans.count)))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            let parsed = try RecordFeatures.parse(records.elements, keys, field: 1, context)
            var outputs: [[RuntimeValue]] = []
            for (number, plan) in plans.enumerated() {
                let dense = number - sparseCount
                let blank = (0..<denseCount).contains(dense) ? try context.elements(firstDefault + dense) : nil
                if let blank, blank.elementType != plan.type {
                    throw .invalidInput(index: firstDefault + dense, reason: "is of type \(blank.elementType), expected \(plan.type)")
                }
                let assembly = FeatureAssembly(plan: plan, key: keys[number], blank: blank, isSingle: isSingle, names: names)
                outputs.append(try assembly.outputs(parsed[number], context))
            }
            return FeatureOutputs.ordered(outputs, sparseCount: sparseCount, denseCount: denseCount)
        }
    }

    private func keys(_ context: EvaluationContext) throws(OperatorError) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        switch self.keys {
        case .fixed(let fixed): keys = fixed
        case .inputs: for index in 2..<2 + sparseCount + denseCount { keys.append(try context.text(index)) }
        case .lists:
            for (index, count) in [(2, sparseCount), (3, denseCount), (4, raggedCount)] {
                let list = try context.strings(index).elements
                guard list.count == count else {
                    throw .invalidInput(index: index, reason: "holds \(list.count) keys, expected \(count)")
                }
                keys += list
            }
        }
        guard keys.count == plans.count else { throw .invalidValue("has \(keys.count) keys for \(plans.count) features") }
        return keys
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("ParseExample") { reader throws(OperatorError) in
            ParseExample(
                "ParseExample", .inputs, try .sparse(try reader.types("sparse_types") ?? []),
                try .dense(try reader.types("Tdense") ?? [], try reader.shapes("dense_shapes") ?? []))
        },
        .tensorFlow("ParseExampleV2") { reader throws(OperatorError) in
            ParseExample(
                "ParseExampleV2", .lists, try .sparse(try reader.types("sparse_types") ?? []),
                try .dense(try reader.types("Tdense") ?? [], try reader.shapes("dense_shapes") ?? []),
                try .ragged(try reader.types("ragged_value_types") ?? [], try reader.types("ragged_split_types") ?? []))
        },
        .tensorFlow("ParseSingleExample") { reader throws(OperatorError) in
            let keys = (try reader.strings("sparse_keys") ?? []) + (try reader.strings("dense_keys") ?? [])
            return ParseExample(
                "ParseSingleExample", .fixed(keys.map { Array($0.utf8) }), try .sparse(try reader.types("sparse_types") ?? []),
                try .dense(try reader.types("Tdense") ?? [], try reader.shapes("dense_shapes") ?? []))
        },
    ]
}

extension [FeaturePlan] {
    fileprivate static func sparse(_ types: [ValueType]) throws(OperatorError) -> [FeaturePlan] { try FeaturePlan.sparse(types) }
    fileprivate static func dense(_ types: [ValueType], _ shapes: [SymbolicShape?]) throws(OperatorError) -> [FeaturePlan] {
        try FeaturePlan.dense(types, shapes)
    }
    fileprivate static func ragged(_ types: [ValueType], _ splits: [ValueType]) throws(OperatorError) -> [FeaturePlan] {
        try FeaturePlan.ragged(types, splits)
    }
}
