import GraphIR
import Tensors

/// Records with sequences (`SequenceExample`) taken apart into tensors: features of the whole, and lists of features.
///
/// - Shapes: records: string [n] or [] → the outputs of the context as ParseExample gives them; for each sparse list indices
///   [k, 3], values and shape; for each dense list [n, longest, shape…] and the lengths [n]; for each ragged list values, outer
///   and inner row splits. Without an axis of records every result has one axis less.
/// - Source: TensorFlow operators ParseSequenceExample, ParseSequenceExampleV2 and ParseSingleSequenceExample.
struct ParseSequenceExample: DynamicOperator {
    private enum Form: Sendable {
        /// ParseSequenceExample: keys in attributes.
        case first
        /// ParseSequenceExampleV2: keys in lists.
        case second
        /// ParseSingleSequenceExample: one input for each key, one record, no lengths.
        case single
    }

    let name: String
    private let form: Form
    private let context: (sparse: [FeaturePlan], dense: [FeaturePlan], ragged: [FeaturePlan])
    private let lists: (sparse: [FeaturePlan], dense: [FeaturePlan], ragged: [FeaturePlan])
    /// The keys of the first form, in the order of inputs of the second.
    private let fixedKeys: [[String]]
    private let fixedOptional: [String]

    private init(_ name: String, _ form: Form, _ reader: AttributeReader) throws(OperatorError) {
        self.name = name
        self.form = form
        context = (
            try FeaturePlan.sparse(try reader.types("context_sparse_types") ?? []),
            try FeaturePlan.dense(try reader.types("Tcontext_dense") ?? [], try reader.shapes("context_dense_shapes") ?? []),
            try FeaturePlan.ragged(
                try reader.types("context_ragged_value_types") ?? [], try reader.types("context_ragged_split_types") ?? [])
        )
        lists = (
            try FeaturePlan.sparse(try reader.types("feature_list_sparse_types") ?? []),
            try FeaturePlan.dense(
                try reader.types("feature_list_dense_types") ?? [], try reader.shapes("feature_list_dense_shapes") ?? []),
            try FeaturePlan.ragged(
                try reader.types("feature_list_ragged_value_types") ?? [], try reader.types("feature_list_ragged_split_types") ?? [])
        )
        guard (context.dense + lists.dense).allSatisfy(\.form.isFixed) else {
            throw .unsupported("a dense feature of variable length in a sequence")
        }
        fixedKeys = [
            try reader.strings("context_sparse_keys") ?? [], try reader.strings("context_dense_keys") ?? [], [],
            try reader.strings("feature_list_sparse_keys") ?? [], try reader.strings("feature_list_dense_keys") ?? [], [],
        ]
        fixedOptional = try reader.strings("feature_list_dense_missing_assumed_empty") ?? []
    }

    var acceptsObjects: Bool { true }

    private var counts: [Int] {
        [context.sparse.count, context.dense.count, context.ragged.count, lists.sparse.count, lists.dense.count, lists.ragged.count]
    }

    private var firstDefault: Int {
        switch form {
        case .first: 2
        case .second: 9
        case .single: 2 + counts.reduce(0, +)
        }
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = firstDefault + context.dense.count + (form == .single ? 1 : 0)
        try inputs.checkCount(count...count)
        let records = try inputs.text(0).shape
        let batch: [Dimension]? = form == .single ? [] : records.map { Array($0.dimensions.prefix(1)) }
        func sparse(_ plans: [FeaturePlan], extra: Int) -> [ValueFact] {
            let facts = plans.map { OperatorInputs.sparse($0.type, rank: batch.map { $0.count + extra }) }
            return (0..<3).flatMap { column in facts.map { $0[column] } }
        }
        func dense(_ plans: [FeaturePlan], _ extra: [Dimension]) -> [ValueFact] {
            plans.map { plan in
                guard case .dense(let shape) = plan.form else { return ValueFact(plan.type, nil as SymbolicShape?) }
                return ValueFact(plan.type, batch.map { SymbolicShape($0 + extra + shape.dimensions) })
            }
        }
        func ragged(_ plans: [FeaturePlan], inner: Bool) -> [ValueFact] {
            func splits(_ isOuter: Bool) -> [ValueFact] {
                plans.map { plan in
                    guard case .ragged(let type) = plan.form else { return .list(.int64) }
                    return isOuter ? ValueFact(type, nil as SymbolicShape?) : .list(type)
                }
            }
            return plans.map { .list($0.type) } + (inner ? splits(true) : []) + splits(false)
        }
        let lengths = form == .single ? [] : lists.dense.map { _ in ValueFact(.int64, batch.map { SymbolicShape($0) }) }
        return sparse(context.sparse, extra: 1) + dense(context.dense, []) + ragged(context.ragged, inner: false)
            + sparse(lists.sparse, extra: 2) + dense(lists.dense, [.unknown]) + lengths + ragged(lists.ragged, inner: true)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let records = try context.strings(0)
        let isSingle = records.shape.rank == 0
        guard records.shape.rank <= 1, isSingle || form != .single else {
            throw OperatorError.invalidInput(index: 0, reason: "Expected serialized to be a scalar or vector, got shape: \(records.shape)")
        }
        let keys = try keys(context), optional = try optional(context, keys[4])
        let names = try context.strings(form == .single ? firstDefault + self.context.dense.count : 1).elements
        let byteCount = records.elements.reduce(0) { ByteCount.sum($0, $1.count) }
        let scratch = ByteCount.sum(
            ByteCount.product(byteCount, 8), ByteCount.product(records.elements.count, 32 * max(1, counts.reduce(0, +))))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            let batch = RecordBatch(texts: records.elements, isSingle: isSingle, names: names)
            return try contextOutputs(batch, keys, context) + listOutputs(batch, keys, optional, context)
        }
    }

    private struct RecordBatch {
        let texts: [[UInt8]]
        let isSingle: Bool
        let names: [[UInt8]]
    }

    private func keys(_ context: EvaluationContext) throws(OperatorError) -> [[[UInt8]]] {
        var keys: [[[UInt8]]] = []
        switch form {
        case .first: keys = fixedKeys.map { $0.map { Array($0.utf8) } }
        case .second: for index in 2..<8 { keys.append(try context.strings(index).elements) }
        case .single:
            var input = 2
            for count in counts {
                var list: [[UInt8]] = []
                for _ in 0..<count {
                    list.append(try context.text(input))
                    input += 1
                }
                keys.append(list)
            }
        }
        guard keys.map(\.count) == counts else { throw .invalidValue("has \(keys.map(\.count)) keys for \(counts) features") }
        return keys
    }

    /// Whether each dense list may be missing.
    private func optional(_ context: EvaluationContext, _ keys: [[UInt8]]) throws(OperatorError) -> [Bool] {
        switch form {
        case .first: return keys.map { key in fixedOptional.contains { Array($0.utf8) == key } }
        case .single:
            let names = Set(try context.strings(1).elements)
            return keys.map(names.contains)
        case .second:
            let flags = try context.integers(8).map { $0 != 0 }
            guard flags.count == keys.count else {
                throw .invalidInput(index: 8, reason: "holds \(flags.count) flags, expected \(keys.count)")
            }
            return flags
        }
    }

    private func contextOutputs(
        _ batch: RecordBatch, _ keys: [[[UInt8]]], _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        let plans = self.context.sparse + self.context.dense + self.context.ragged, wanted = keys[0] + keys[1] + keys[2]
        let parsed = try RecordFeatures.parse(batch.texts, wanted, field: 1, context)
        var outputs: [[RuntimeValue]] = []
        for (number, plan) in plans.enumerated() {
            let dense = number - self.context.sparse.count
            let isDense = (0..<self.context.dense.count).contains(dense)
            let assembly = FeatureAssembly(
                plan: plan, key: wanted[number], blank: isDense ? try context.elements(firstDefault + dense) : nil,
                isSingle: batch.isSingle, names: batch.names)
            outputs.append(try assembly.outputs(parsed[number], context))
        }
        return FeatureOutputs.ordered(
            outputs, sparseCount: self.context.sparse.count, denseCount: self.context.dense.count)
    }

    private func listOutputs(
        _ batch: RecordBatch, _ keys: [[[UInt8]]], _ optional: [Bool], _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        let wanted = keys[3] + keys[4] + keys[5]
        let parsed = try RecordFeatures.parseLists(batch.texts, wanted, field: 2, context)
        var sparse: [[RuntimeValue]] = [], dense: [[RuntimeValue]] = [], ragged: [[RuntimeValue]] = []
        for (number, plan) in (lists.sparse + lists.dense + lists.ragged).enumerated() {
            let list = FeatureListAssembly(plan: plan, key: wanted[number], isSingle: batch.isSingle, names: batch.names)
            switch plan.form {
            case .sparse: sparse.append(try list.sparse(parsed[number], context))
            case .ragged(let type): ragged.append(try list.ragged(parsed[number], type, context))
            case .dense(let shape):
                dense.append(
                    try list.dense(
                        parsed[number], shape.concrete ?? .scalar, isOptional: optional[number - lists.sparse.count], context))
            }
        }
        let tables = FeatureOutputs.columns(dense)
        return FeatureOutputs.columns(sparse) + (form == .single ? Array(tables.prefix(dense.count)) : tables)
            + FeatureOutputs.columns(ragged)
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("ParseSequenceExample") { reader throws(OperatorError) in
            try ParseSequenceExample("ParseSequenceExample", .first, reader)
        },
        .tensorFlow("ParseSequenceExampleV2") { reader throws(OperatorError) in
            try ParseSequenceExample("ParseSequenceExampleV2", .second, reader)
        },
        .tensorFlow("ParseSingleSequenceExample") { reader throws(OperatorError) in
            try ParseSequenceExample("ParseSingleSequenceExample", .single, reader)
        },
    ]
}
