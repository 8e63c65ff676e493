import GraphIR
import Tensors

/// How often each value below a size occurs in each row (or the sum of its weights); larger values are left out.
///
/// - Shapes: values, sparse or ragged; size []; weights as the values or empty → [size] or [rows, size].
/// - Source: TensorFlow operators SparseBincount and RaggedBincount.
struct RowBincount: DynamicOperator {
    let isRagged: Bool
    let isBinary: Bool

    var name: String { isRagged ? "RaggedBincount" : "SparseBincount" }
    var shapeOperands: Set<Int> { isRagged ? [2] : [2, 3] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(isRagged ? 4...4 : 5...5)
        let type = try inputs.tensor(isRagged ? 3 : 4).elementType
        let width: Dimension = inputs[isRagged ? 2 : 3]?.integers?.first.map { .known(max($0, 0)) } ?? .unknown
        if isRagged {
            let rows: Dimension = try inputs.tensor(0).shape?.dimensions.first?.value.map { .known(max($0 - 1, 0)) } ?? .unknown
            return [ValueFact(type, SymbolicShape([rows, width]))]
        }
        guard let rank = try inputs.sparse(0) else { return [ValueFact(type, nil as SymbolicShape?)] }
        return [ValueFact(type, SymbolicShape(rank == 1 ? [width] : [.unknown, width]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let values = try context.integers(1), size = try context.integer(isRagged ? 2 : 3)
        let weights = try context.required(isRagged ? 3 : 4)
        var rows: [Int]?, rowCount = 1
        if isRagged {
            let splits = try context.integers(0)
            try RowSplits.check(splits, valueCount: values.count, input: 0)
            rows = RowSplits.rows(splits)
            rowCount = splits.count - 1
        } else {
            let input = try SparseTensor(context, 0)
            guard (1...2).contains(input.rank) else {
                throw OperatorError.invalidInput(index: 2, reason: "has \(input.rank) extents, expected 1 or 2")
            }
            if input.rank == 2 {
                rows = (0..<input.count).map { input.table[$0, 0] }
                rowCount = input.extents[0]
            }
        }
        let counted = try CountedValues(values: values, rows: rows, rowCount: rowCount, weights: weights)
        try counted.checkWeights([values.count])
        guard let shape = Shape(checking: (rows == nil ? [] : [rowCount]) + [size]) else {
            throw OperatorError.invalidValue("size (\(size)) must be non-negative")
        }
        return [
            .tensor(
                try weights.elementType.dispatchArithmetic(
                    Tally(counted: counted, size: size, spec: TensorSpec(weights.elementType, shape), isBinary: isBinary, context: context))
            )
        ]
    }

    private struct Tally: ArithmeticVisitor {
        let counted: CountedValues
        let size: Int
        let spec: TensorSpec
        let isBinary: Bool
        let context: EvaluationContext

        func visit<Element: ArithmeticElement>(_: Element.Type) throws(OperatorError) -> Tensor {
            let result = try context.zeros(spec)
            let target = result.storage.baseAddress.assumingMemoryBound(to: Element.self)
            let weights = counted.weights?.baseAddress.assumingMemoryBound(to: Element.self)
            for (place, value) in counted.values.enumerated() where value < size {
                let bin = (counted.rows?[place] ?? 0) * size + value
                target[bin] = isBinary ? .one : target[bin].sum(with: weights?[place] ?? .one)
            }
            return result
        }
    }
}

extension RowSplits {
    /// The row of each value.
    static func rows(_ splits: [Int]) -> [Int] {
        var rows: [Int] = []
        for row in 0..<max(0, splits.count - 1) { rows += [Int](repeating: row, count: max(0, splits[row + 1] - splits[row])) }
        return rows
    }
}
