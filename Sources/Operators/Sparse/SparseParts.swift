import GraphIR
import Tensors

/// Sparse tensors joined along an axis.
///
/// - Shapes: n sparse tensors (all indices, then all values, then all shapes) → one.
/// - Source: TensorFlow operator SparseConcat.
struct SparseConcat: DynamicOperator {
    let axis: Int

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 3, inputs.count % 3 == 0 else {
            throw .invalidValue("has \(inputs.count) inputs, expected indices, values and shapes of each tensor")
        }
        let count = inputs.count / 3
        return OperatorInputs.sparse(try inputs.tensor(count).elementType, rank: try inputs.listLength(2 * count))
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let count = context.inputs.count / 3
        var parts: [SparseTensor] = []
        for part in 0..<count {
            parts.append(try SparseTensor(context, part, layout: (count + part, 2 * count + part)))
        }
        guard let first = parts.first, let axis = Shape.resolve(axis: axis, rank: first.rank) else {
            throw OperatorError.invalidAttribute(name: "concat_dim", reason: "is \(self.axis), which the tensors do not have")
        }
        var extents = first.extents, starts = [0]
        for (number, part) in parts.enumerated() {
            guard part.rank == first.rank,
                extents.indices.allSatisfy({ $0 == axis || part.extents[$0] == extents[$0] })
            else {
                throw OperatorError.invalidValue(
                    "Input shapes must match: expected \(first.extents) but got \(part.extents) at position \(number)")
            }
            let (sum, overflow) = (starts.last ?? 0).addingReportingOverflow(part.extents[axis])
            guard !overflow else { throw OperatorError.invalidValue("the joined axis is too long") }
            starts.append(sum)
        }
        extents[axis] = starts[count]
        let total = parts.reduce(0) { $0 + $1.count }
        return try context.withScratch(ByteCount.product(total, 32 + 16 * first.rank)) { () throws(OperatorError) in
            var rows: [(index: [Int], list: Int, position: Int)] = []
            rows.reserveCapacity(total)
            for (number, part) in parts.enumerated() {
                for place in 0..<part.count {
                    var index = part.table.row(place)
                    index[axis] += starts[number]
                    rows.append((index, number, place))
                }
            }
            // Sorting keeps equal indices in the order of the tensors.
            let order = rows.indices.sorted {
                rows[$0].index == rows[$1].index ? $0 < $1 : rows[$0].index.lexicographicallyPrecedes(rows[$1].index)
            }
            let values = try ElementList.gathered(
                parts.map(\.values), order.map { (rows[$0].list, rows[$0].position) }, [total], context)
            return try context.sparse(indices: order.flatMap { rows[$0].index }, values: values, count: total, extents: extents)
        }
    }
}

/// The elements of a sparse tensor that lie in a box, counted from its corner.
///
/// - Source: TensorFlow operator SparseSlice.
struct SparseSlice: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(5...5)
        return OperatorInputs.sparse(try inputs.tensor(1).elementType, rank: try inputs.sparse(0))
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0), start = try context.integers(3), size = try context.integers(4)
        guard start.count == input.rank, size.count == input.rank else {
            throw OperatorError.invalidInput(index: 3, reason: "and input 4 must have \(input.rank) numbers")
        }
        guard size.allSatisfy({ $0 >= 0 }) else { throw OperatorError.invalidInput(index: 4, reason: "must not be negative") }
        let ends = input.extents.indices.map { ByteCount.clampedSum(start[$0], size[$0], limit: input.extents[$0]) }
        return try input.box(start, ends, context)
    }
}

/// A sparse tensor cut into parts along an axis; the first ones are one longer when it does not divide evenly.
///
/// - Source: TensorFlow operator SparseSplit.
struct SparseSplit: DynamicOperator {
    let partCount: Int

    init(_ reader: AttributeReader) throws(OperatorError) {
        partCount = try reader.argumentCount("num_split")
        guard partCount >= 1 else { throw .invalidAttribute(name: "num_split", reason: "is \(partCount), expected at least 1") }
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let facts = OperatorInputs.sparse(try inputs.tensor(2).elementType, rank: try inputs.sparse(1))
        guard inputs.outputCount == 3 * partCount else {
            throw .invalidAttribute(name: "num_split", reason: "is \(partCount), the node has \(inputs.outputCount) outputs")
        }
        return facts.flatMap { [ValueFact](repeating: $0, count: partCount) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 1), wanted = try context.integer(0)
        guard let axis = Shape.resolve(axis: wanted, rank: input.rank) else {
            throw OperatorError.invalidInput(index: 0, reason: "is \(wanted), which a tensor of rank \(input.rank) does not have")
        }
        let extent = input.extents[axis]
        guard partCount <= extent else {
            throw OperatorError.invalidValue(
                "Input num_split should be between 1 and the splitting dimension size (\(extent)), got \(partCount)")
        }
        var parts: [[RuntimeValue]] = []
        var start = 0
        for part in 0..<partCount {
            let length = extent / partCount + (part < extent % partCount ? 1 : 0)
            var starts = [Int](repeating: 0, count: input.rank), ends = input.extents
            starts[axis] = start
            ends[axis] = start + length
            parts.append(try input.box(starts, ends, context))
            start += length
        }
        return (0..<3).flatMap { output in parts.map { $0[output] } }
    }
}

extension SparseTensor {
    /// The elements from `starts` to before `ends`.
    fileprivate func box(_ starts: [Int], _ ends: [Int], _ context: EvaluationContext) throws(OperatorError) -> [RuntimeValue] {
        let chosen = (0..<count).filter { place in
            extents.indices.allSatisfy { table[place, $0] >= starts[$0] && table[place, $0] < ends[$0] }
        }
        let indices = chosen.flatMap { place in extents.indices.map { table[place, $0] &- starts[$0] } }
        return try context.sparse(
            indices: indices, values: try values.gathered(chosen, context), count: chosen.count,
            extents: extents.indices.map { max(0, ends[$0] &- starts[$0]) })
    }
}

extension ByteCount {
    /// The sum of two numbers that are not negative, but at most `limit`.
    static func clampedSum(_ left: Int, _ right: Int, limit: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? limit : min(sum, limit)
    }
}
