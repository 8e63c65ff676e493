import GraphIR
import Tensors

/// Puts the lists of features of one key of all records together.
struct FeatureListAssembly {
    let plan: FeaturePlan
    let key: [UInt8]
    let isSingle: Bool
    let names: [[UInt8]]

    private func name(_ record: Int) -> String { record < names.count ? OperatorError.shown(names[record]) : "<unknown>" }

    /// All values, and how many each step of each record has.
    private func collected(_ records: [[FeatureValues]?]) throws(OperatorError) -> (values: FeatureColumnValues, counts: [[Int]]) {
        var column = try FeatureColumnValues(plan.type), counts: [[Int]] = []
        for (record, steps) in records.enumerated() {
            for (step, values) in (steps ?? []).enumerated() {
                guard values.type == nil || values.type == plan.type else {
                    throw .invalidValue(
                        "Name: \(name(record)), Feature list: \(OperatorError.shown(key)), Index: \(step).  Data types don't match. "
                            + "Expected type: \(plan.type), Actual type: \(values.type?.name ?? "none")")
                }
                column.append(values)
            }
            counts.append((steps ?? []).map(\.count))
        }
        return (column, counts)
    }

    func sparse(_ records: [[FeatureValues]?], _ context: EvaluationContext) throws(OperatorError) -> [RuntimeValue] {
        let (column, counts) = try collected(records)
        let width = isSingle ? 2 : 3
        var indices: [Int] = []
        indices.reserveCapacity(column.count * width)
        for (record, steps) in counts.enumerated() {
            for (step, count) in steps.enumerated() {
                for number in 0..<count { indices += (isSingle ? [] : [record]) + [step, number] }
            }
        }
        let extents = (isSingle ? [] : [counts.count]) + [counts.map(\.count).max() ?? 0, counts.joined().max() ?? 0]
        return try context.sparse(indices: indices, values: try column.list(context), count: column.count, extents: extents)
    }

    func ragged(
        _ records: [[FeatureValues]?], _ type: ElementType, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        let (column, counts) = try collected(records)
        let outer = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        let inner = counts.joined().reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        // One record has no outer rows; an empty place is left for them.
        let rows = isSingle ? try context.integers([0], .scalar, type) : try context.integers(outer, type)
        return [try column.list(context), rows, try context.integers(inner, type)]
    }

    func dense(
        _ records: [[FeatureValues]?], _ shape: Shape, isOptional: Bool, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        for (record, steps) in records.enumerated() {
            guard let steps else {
                guard isOptional else {
                    throw .invalidValue(
                        "Name: \(name(record)), Feature list '\(OperatorError.shown(key))' is required but could not be found.  Did you "
                            + "mean to include it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?")
                }
                continue
            }
            for (step, values) in steps.enumerated() where values.count != shape.elementCount {
                throw .invalidValue(
                    "Name: \(name(record)), Key: \(OperatorError.shown(key)), Index: \(step).  Number of \(plan.type) values != expected.  "
                        + "values size: \(values.count) but output shape: \(shape)")
            }
        }
        let lengths = records.map { $0?.count ?? 0 }, longest = lengths.max() ?? 0
        guard let whole = Shape(checking: (isSingle ? [] : [records.count]) + [longest] + shape.extents) else {
            throw .invalidValue("the padded tensor is too large")
        }
        _ = try collected(records)
        return try context.withScratch(ByteCount.product(whole.elementCount, 16)) { () throws(OperatorError) in
            var column = try FeatureColumnValues(plan.type)
            for steps in records {
                for values in steps ?? [] { column.append(values) }
                column.append(nil, count: (longest - (steps?.count ?? 0)) * shape.elementCount)
            }
            let table = try column.tensor(whole, context)
            return [table, isSingle ? try context.integers(lengths, .scalar) : try context.integers(lengths)]
        }
    }
}
