import GraphIR
import Tensors

/// What a model wants of the records it parses: keys with what becomes of their values.
struct FeaturePlan: Sendable {
    enum Form: Sendable {
        case sparse
        /// A shape whose first extent is unknown is as long as the longest record needs.
        case dense(SymbolicShape)
        case ragged(ElementType)

        var isFixed: Bool {
            if case .dense(let shape) = self { shape.dimensions.first.map { $0.value != nil } ?? true } else { false }
        }
    }

    let form: Form
    let type: ElementType

    static func sparse(_ types: [ValueType]) throws(OperatorError) -> [FeaturePlan] {
        try types.map { (type) throws(OperatorError) in FeaturePlan(form: .sparse, type: try elementType(type)) }
    }

    static func dense(_ types: [ValueType], _ shapes: [SymbolicShape?]) throws(OperatorError) -> [FeaturePlan] {
        guard types.count == shapes.count else {
            throw .invalidAttribute(name: "dense_shapes", reason: "has \(shapes.count) shapes for \(types.count) types")
        }
        var plans: [FeaturePlan] = []
        for (type, shape) in zip(types, shapes) {
            guard let shape, shape.dimensions.dropFirst().allSatisfy({ $0.value != nil }) else {
                throw .invalidAttribute(name: "dense_shapes", reason: "has a shape of which more than the first extent is unknown")
            }
            plans.append(FeaturePlan(form: .dense(shape), type: try elementType(type)))
        }
        return plans
    }

    static func ragged(_ types: [ValueType], _ splits: [ValueType]) throws(OperatorError) -> [FeaturePlan] {
        guard types.count == splits.count else {
            throw .invalidAttribute(name: "ragged_split_types", reason: "has \(splits.count) types for \(types.count)")
        }
        var plans: [FeaturePlan] = []
        for (type, split) in zip(types, splits) {
            plans.append(FeaturePlan(form: .ragged(try elementType(split)), type: try elementType(type)))
        }
        return plans
    }

    private static func elementType(_ type: ValueType) throws(OperatorError) -> ElementType {
        guard let tensor = type.tensor else { throw .unsupported("features of type \(type)") }
        return tensor.elementType
    }
}

/// Puts the values of one feature of all records together.
struct FeatureAssembly {
    let plan: FeaturePlan
    let key: [UInt8]
    /// What stands for a dense feature that a record does not have.
    let blank: ElementList?
    /// Whether there is one record and no axis for it.
    let isSingle: Bool
    /// Names of the records for messages; may be empty.
    let names: [[UInt8]]

    private func name(_ record: Int) -> String {
        isSingle && names.isEmpty ? "" : "Name: \(record < names.count ? OperatorError.shown(names[record]) : "<unknown>"), "
    }

    private func check(_ values: FeatureValues, _ record: Int) throws(OperatorError) {
        guard let found = values.type, found != plan.type else { return }
        throw .invalidValue(
            "\(name(record))Key: \(OperatorError.shown(key)), Index: \(record).  Data types don't match. Expected type: \(plan.type), "
                + "Actual type: \(found)")
    }

    /// The outputs: indices, values and shape; a dense tensor; or values and row splits.
    func outputs(_ records: [FeatureValues?], _ context: EvaluationContext) throws(OperatorError) -> [RuntimeValue] {
        for (record, values) in records.enumerated() { if let values { try check(values, record) } }
        switch plan.form {
        case .sparse: return try sparse(records, context)
        case .ragged(let splitsType): return try ragged(records, splitsType, context)
        case .dense(let shape): return [try dense(records, shape, context)]
        }
    }

    private func collected(_ records: [FeatureValues?]) throws(OperatorError) -> (values: FeatureColumnValues, counts: [Int]) {
        var column = try FeatureColumnValues(plan.type), counts: [Int] = []
        for values in records {
            if let values { column.append(values) }
            counts.append(values?.count ?? 0)
        }
        return (column, counts)
    }

    private func sparse(_ records: [FeatureValues?], _ context: EvaluationContext) throws(OperatorError) -> [RuntimeValue] {
        let (column, counts) = try collected(records)
        let values = try column.list(context)
        if isSingle {
            return try context.sparse(indices: Array(0..<column.count), values: values, count: column.count, extents: [column.count])
        }
        let indices = try context.makeTensor(TensorSpec(.int64, [column.count, 2])) { bytes in
            let table = bytes.bindMemory(to: Int64.self)
            var place = 0
            for (record, count) in counts.enumerated() {
                for number in 0..<count {
                    table[place] = Int64(record)
                    table[place + 1] = Int64(number)
                    place += 2
                }
            }
        }
        return [.tensor(indices), values, try context.integers([counts.count, counts.max() ?? 0])]
    }

    private func ragged(
        _ records: [FeatureValues?], _ splitsType: ElementType, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        let (column, counts) = try collected(records)
        let splits = isSingle ? [] : counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        return [try column.list(context), try context.integers(splits, splitsType)]
    }

    private func dense(
        _ records: [FeatureValues?], _ shape: SymbolicShape, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        let batch = isSingle ? [] : [records.count]
        guard let fixed = shape.concrete else { return try padded(records, shape, batch, context) }
        var column = try FeatureColumnValues(plan.type)
        guard let whole = Shape(checking: batch + fixed.extents) else {
            throw .invalidValue("\(batch + fixed.extents) is no shape of a tensor")
        }
        return try context.withScratch(ByteCount.product(whole.elementCount, max(plan.type.byteCount, 16))) { () throws(OperatorError) in
            for (record, values) in records.enumerated() {
                guard let values, values.type != nil else {
                    guard let blank, blank.count == fixed.elementCount, blank.count > 0 || fixed.elementCount == 0 else {
                        throw missing(record)
                    }
                    column.append(blank, count: fixed.elementCount)
                    continue
                }
                guard values.count == fixed.elementCount else {
                    throw .invalidValue(
                        "\(name(record))Key: \(OperatorError.shown(key)), Index: \(record).  Number of \(plan.type) values != expected.  "
                            + "Values size: \(values.count) but output shape: \(fixed)")
                }
                column.append(values)
            }
            return try column.tensor(whole, context)
        }
    }

    private func missing(_ record: Int) -> OperatorError {
        .invalidValue(
            "\(name(record))Feature: \(OperatorError.shown(key)) (data type: \(plan.type)) is required but could not be found.")
    }

    /// A dense tensor as long as the longest record.
    private func padded(
        _ records: [FeatureValues?], _ shape: SymbolicShape, _ batch: [Int], _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        let inner = shape.dimensions.dropFirst().map { $0.value ?? 1 }
        guard let part = Shape(checking: inner) else { throw .invalidValue("\(inner) is no shape of a tensor") }
        guard isSingle || blank?.count == 1 else {
            throw .invalidValue(
                "the dense shape \(shape) has a variable length, so its default must contain a single element (the padding element)")
        }
        var longest = 0
        for (record, values) in records.enumerated() {
            let count = values?.count ?? 0
            guard part.elementCount > 0 ? count % part.elementCount == 0 : count == 0 else {
                throw .invalidValue(
                    "\(name(record))Key: \(OperatorError.shown(key)), Index: \(record).  Number of \(plan.type) values is not "
                        + "a multiple of stride length. Saw \(count) values but output shape is \(shape)")
            }
            longest = max(longest, count)
        }
        let length = part.elementCount > 0 ? longest / part.elementCount : 0
        guard let whole = Shape(checking: batch + [length] + inner) else { throw .invalidValue("the padded tensor is too large") }
        return try context.withScratch(ByteCount.product(whole.elementCount, 16)) { () throws(OperatorError) in
            var column = try FeatureColumnValues(plan.type)
            for values in records {
                if let values { column.append(values) }
                column.append(blank, count: longest - (values?.count ?? 0))
            }
            return try column.tensor(whole, context)
        }
    }
}
