import GraphIR
import Tensors

/// Rows of values as sets: their union, intersection or difference.
///
/// - Shapes: two tensors of equal rank ≥ 2, dense or sparse, whose last axis is the set and whose other axes agree → a sparse
///   tensor, each set in ascending order.
/// - Source: TensorFlow operators DenseToDenseSetOperation, DenseToSparseSetOperation and SparseToSparseSetOperation.
struct SetOperation: DynamicOperator {
    enum Rule: String, CaseIterable, Sendable {
        case leftOnly = "a-b"
        case rightOnly = "b-a"
        case intersection, union
    }

    let name: String
    let rule: Rule
    let isSparse: (left: Bool, right: Bool)

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        let right = isSparse.left ? 3 : 1
        try inputs.checkCount(right + (isSparse.right ? 3 : 1)...right + (isSparse.right ? 3 : 1))
        let type = try inputs.tensor(isSparse.left ? 1 : 0).elementType
        let rank = isSparse.right ? try inputs.sparse(right) : try inputs.tensor(right).shape?.rank
        return OperatorInputs.sparse(type, rank: rank)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let second = isSparse.left ? 3 : 1
        let left = try SetRows(context, 0, isSparse: isSparse.left), right = try SetRows(context, second, isSparse: isSparse.right)
        let prefix = Array(left.extents.dropLast())
        guard left.extents.count >= 2 else { throw OperatorError.invalidValue("Shape \(left.extents) has rank \(left.extents.count) < 2") }
        guard prefix == Array(right.extents.dropLast()) else {
            throw OperatorError.invalidValue("Mismatched shapes \(prefix) vs \(right.extents.dropLast())")
        }
        guard left.values.elementType == right.values.elementType else {
            throw OperatorError.invalidValue("compares sets of different types")
        }
        let total = ByteCount.sum(left.values.count, right.values.count)
        return try context.withScratch(ByteCount.product(total, 48 + 8 * left.extents.count)) { () throws(OperatorError) in
            try combined(left, right, prefix, context)
        }
    }

    private func combined(
        _ left: SetRows, _ right: SetRows, _ prefix: [Int], _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        var indices: [Int] = [], places: [(list: Int, position: Int)] = []
        var longest = 0, i = 0, j = 0
        while i < left.rows.count || j < right.rows.count {
            let a = i < left.rows.count ? left.rows[i] : nil, b = j < right.rows.count ? right.rows[j] : nil
            let takesLeft = a.map { row in b.map { !$0.key.lexicographicallyPrecedes(row.key) } ?? true } ?? false
            let takesRight = b.map { row in a.map { !$0.key.lexicographicallyPrecedes(row.key) } ?? true } ?? false
            if takesLeft { i += 1 }
            if takesRight { j += 1 }
            let members = merged(
                takesLeft ? left.members(a?.positions ?? 0..<0) : [:], takesRight ? right.members(b?.positions ?? 0..<0) : [:])
            guard let key = takesLeft ? a?.key : b?.key else { continue }
            longest = max(longest, members.count)
            for (column, member) in members.enumerated() {
                indices += key + [column]
                places.append(member)
            }
        }
        let values = try ElementList.gathered([left.values, right.values], places, [places.count], context)
        return try context.sparse(indices: indices, values: values, count: places.count, extents: prefix + [longest])
    }

    private func merged(_ left: [ElementKey: Int], _ right: [ElementKey: Int]) -> [(list: Int, position: Int)] {
        let keys: [ElementKey]
        switch rule {
        case .leftOnly: keys = left.keys.filter { right[$0] == nil }
        case .rightOnly: keys = right.keys.filter { left[$0] == nil }
        case .intersection: keys = left.keys.filter { right[$0] != nil }
        case .union: keys = Array(left.keys) + right.keys.filter { left[$0] == nil }
        }
        return keys.sorted().map { key in left[key].map { (0, $0) } ?? (1, right[key] ?? 0) }
    }

    static let spellings: [OperatorSpelling] = [
        make("DenseToDenseSetOperation", (false, false)), make("DenseToSparseSetOperation", (false, true)),
        make("SparseToSparseSetOperation", (true, true)),
        .tensorFlow("SetSize") { _ throws(OperatorError) in SetSize() },
    ]

    private static func make(_ name: String, _ isSparse: (left: Bool, right: Bool)) -> OperatorSpelling {
        .tensorFlow(name) { reader throws(OperatorError) in
            SetOperation(name: name, rule: try reader.choice("set_operation", default: .union), isSparse: isSparse)
        }
    }
}

/// Sets by the index of their row, in order.
private struct SetRows {
    let values: ElementList
    let extents: [Int]
    let rows: [(key: [Int], positions: Range<Int>)]

    init(_ context: EvaluationContext, _ first: Int, isSparse: Bool) throws(OperatorError) {
        if isSparse {
            let tensor = try SparseTensor(context, first)
            guard tensor.rank >= 2 else { throw .invalidValue("Shape \(tensor.extents) has rank \(tensor.rank) < 2") }
            try tensor.table.checkOrder(input: first)
            (values, extents) = (tensor.values, tensor.extents)
            rows = tensor.runs(along: tensor.rank - 1)
            return
        }
        values = try context.elements(first)
        let shape = values.shape
        guard shape.rank >= 2 else { throw .invalidValue("Shape \(shape) has rank \(shape.rank) < 2") }
        extents = shape.extents
        let width = shape[shape.rank - 1], count = shape.elementCount(in: 0..<shape.rank - 1)
        rows = (0..<(width == 0 ? 0 : count)).map { row in
            var key = [Int](repeating: 0, count: shape.rank - 1), rest = row
            for axis in key.indices.reversed() {
                key[axis] = rest % shape[axis]
                rest /= shape[axis]
            }
            return (key, row * width..<(row + 1) * width)
        }
    }

    /// The distinct elements, each with a position where it stands.
    func members(_ positions: Range<Int>) -> [ElementKey: Int] {
        Dictionary(positions.map { (values.key($0), $0) }, uniquingKeysWith: { first, _ in first })
    }
}

/// How many distinct elements each set of a sparse tensor has.
///
/// - Shapes: a sparse tensor of rank r → int32 of rank r − 1.
/// - Source: TensorFlow operator SetSize.
struct SetSize: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        guard let rank = try inputs.sparse(0), rank >= 1 else { return [ValueFact(.int32, nil as SymbolicShape?)] }
        return [.unknown(.int32, rank: rank - 1)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let extents = try context.integers(2)
        guard let shape = Shape(checking: Array(extents.dropLast())) else { throw OperatorError.invalidValue("\(extents) is no shape") }
        let sets = try SetRows(context, 0, isSparse: true)
        let result = try context.zeros(TensorSpec(.int32, shape))
        let sizes = result.storage.baseAddress.assumingMemoryBound(to: Int32.self), strides = shape.strides
        for row in sets.rows {
            let place = zip(row.key, strides).reduce(0) { $0 + $1.0 * $1.1 }
            sizes[place] = Int32(truncatingIfNeeded: sets.members(row.positions).count)
        }
        return [.tensor(result)]
    }
}
