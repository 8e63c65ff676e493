import GraphIR
import Tensors

/// Values with the row that each belongs to, and weights if there are any: what counting takes.
struct CountedValues {
    let values: [Int]
    /// The row of each value; nil when there is one row.
    let rows: [Int]?
    let rowCount: Int
    let weights: TensorView?

    /// - Parameter isRow: false for a list, which gives a result without rows.
    init(values: [Int], rows: [Int]?, rowCount: Int, weights: TensorView) throws(OperatorError) {
        guard values.allSatisfy({ $0 >= 0 }) else { throw .invalidValue("Input values must all be non-negative") }
        if let rows {
            for row in rows where row < 0 || row >= rowCount { throw .invalidValue("index \(row) is outside of \(rowCount) rows") }
        }
        self.values = values
        self.rows = rows
        self.rowCount = rowCount
        self.weights = weights.elementCount > 0 ? weights : nil
    }

    func checkWeights(_ shape: Shape) throws(OperatorError) {
        guard let weights, weights.elementCount != values.count else { return }
        throw .invalidValue("Weights and data must have the same shape. Weight shape: \(weights.shape); data shape: \(shape)")
    }
}

/// How often each value occurs in each row (or the sum of its weights), as a sparse tensor.
///
/// - Shapes: values [n] or [rows, n], dense, sparse or ragged; weights of the same shape or empty → a sparse tensor [values] or
///   [rows, values], as wide as the largest value needs, at least `minlength`, or `maxlength` when that is given.
/// - Source: TensorFlow operators DenseCountSparseOutput, SparseCountSparseOutput and RaggedCountSparseOutput.
struct CountSparseOutput: DynamicOperator {
    enum Form: String, Sendable {
        case dense = "DenseCountSparseOutput"
        case sparse = "SparseCountSparseOutput"
        case ragged = "RaggedCountSparseOutput"
    }

    let form: Form
    let leastWidth: Int
    let mostWidth: Int
    let isBinary: Bool

    init(_ form: Form, _ reader: AttributeReader) throws(OperatorError) {
        self.form = form
        leastWidth = try reader.integer("minlength", default: -1)
        mostWidth = try reader.integer("maxlength", default: -1)
        isBinary = try reader.flag("binary_output", default: false)
    }

    var name: String { form.rawValue }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let count = form == .dense ? 2 : form == .ragged ? 3 : 4
        try inputs.checkCount(count...count)
        let type = try inputs.tensor(count - 1).elementType
        let rank: Int? =
            switch form {
            case .dense: try inputs.tensor(0).shape?.rank
            case .sparse: try inputs.sparse(0).map { min($0, 2) }
            case .ragged: 2
            }
        return OperatorInputs.sparse(type, rank: rank)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let counted = try self.counted(context)
        let kept = counted.values.indices.filter { mostWidth < 0 || counted.values[$0] < mostWidth }
        let top = kept.reduce(0) { max($0, counted.values[$1]) }
        let width = mostWidth >= 0 ? mostWidth : max(top + 1, leastWidth)
        return try context.withScratch(ByteCount.product(kept.count, 64)) { () throws(OperatorError) in
            let sorted = kept.sorted { left, right in
                let a = counted.rows?[left] ?? 0, b = counted.rows?[right] ?? 0
                if a != b { return a < b }
                return counted.values[left] == counted.values[right] ? left < right : counted.values[left] < counted.values[right]
            }
            var groups: [[Int]] = []
            for place in sorted {
                if let last = groups.last?[0], counted.values[last] == counted.values[place],
                    counted.rows?[last] == counted.rows?[place]
                {
                    groups[groups.count - 1].append(place)
                } else {
                    groups.append([place])
                }
            }
            let extents = (counted.rows == nil ? [] : [counted.rowCount]) + [width]
            let indices = groups.flatMap { group in (counted.rows.map { [$0[group[0]]] } ?? []) + [counted.values[group[0]]] }
            let type = try context.required(context.inputs.count - 1).elementType
            let values = try type.dispatchArithmetic(
                Totals(groups: groups, weights: counted.weights, isBinary: isBinary, type: type, context: context))
            return try context.sparse(indices: indices, values: .tensor(values), count: groups.count, extents: extents)
        }
    }

    private func counted(_ context: EvaluationContext) throws(OperatorError) -> CountedValues {
        let weights = try context.required(context.inputs.count - 1)
        switch form {
        case .dense:
            let values = try context.required(0)
            guard (1...2).contains(values.shape.rank) else {
                throw .invalidInput(index: 0, reason: "Input must be a 1 or 2-dimensional tensor. Got: \(values.shape)")
            }
            let width = values.shape.rank == 2 ? values.shape[1] : values.elementCount
            let rows = values.shape.rank == 2 ? (0..<values.elementCount).map { $0 / width } : nil
            let counted = try CountedValues(
                values: try context.integers(0), rows: rows, rowCount: rows == nil ? 1 : values.shape[0], weights: weights)
            try counted.checkWeights(values.shape)
            return counted
        case .sparse:
            let input = try SparseTensor(context, 0), values = try context.integers(1)
            guard input.rank >= 1 else { throw .invalidInput(index: 2, reason: "is empty, expected at least one extent") }
            let rows = input.rank == 1 ? nil : (0..<input.count).map { input.table[$0, 0] }
            let counted = try CountedValues(
                values: values, rows: rows, rowCount: rows == nil ? 1 : input.extents[0], weights: weights)
            try counted.checkWeights([values.count])
            return counted
        case .ragged:
            let splits = try context.integers(0), values = try context.integers(1)
            try RowSplits.check(splits, valueCount: values.count, input: 0)
            let counted = try CountedValues(
                values: values, rows: RowSplits.rows(splits), rowCount: splits.count - 1, weights: weights)
            try counted.checkWeights([values.count])
            return counted
        }
    }

    private struct Totals: ArithmeticVisitor {
        let groups: [[Int]]
        let weights: TensorView?
        let isBinary: Bool
        let type: ElementType
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> Tensor {
            let source = weights?.baseAddress.assumingMemoryBound(to: Element.self)
            return try context.makeTensor(TensorSpec(type, [groups.count])) { bytes in
                let target = bytes.bindMemory(to: Element.self)
                for (place, group) in groups.enumerated() {
                    target[place] =
                        isBinary ? .one : group.reduce(Element.none) { $0.sum(with: source?[$1] ?? .one) }
                }
            }
        }
    }
}
