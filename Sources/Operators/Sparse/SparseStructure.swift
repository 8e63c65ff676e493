import GraphIR
import Tensors

/// A sparse tensor with its indices in row-major order.
///
/// - Source: TensorFlow operator SparseReorder.
struct SparseReorder: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        try inputs.sparse(0)
        let indices = try inputs.tensor(0), values = try inputs.tensor(1)
        return [ValueFact(.int64, indices.shape), ValueFact(values.elementType, values.shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0)
        let order = input.sortedPlaces()
        return [
            try context.integers(order.flatMap { input.table.row($0) }, [input.count, input.rank]),
            try input.values.gathered(order, context),
        ]
    }
}

/// The indices of a sparse tensor under another shape of the same element count; one extent may be −1.
///
/// - Shapes: indices int64 [n, r], shape [r], new shape [s] → indices [n, s], shape [s].
/// - Source: TensorFlow operator SparseReshape.
struct SparseReshape: DynamicOperator {
    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3...3)
        let indices = try inputs.integers(0).shape
        let width: Dimension = try inputs.listLength(2).map(Dimension.known) ?? .unknown
        let count: Dimension = indices.map { $0.rank == 2 ? $0[0] : .unknown } ?? .unknown
        return [ValueFact(.int64, SymbolicShape([count, width])), ValueFact(.int64, SymbolicShape([width]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let from = try context.integers(1)
        let table = try IndexTable(context, 0, width: from.count)
        guard from.allSatisfy({ $0 >= 0 }) else { throw OperatorError.invalidInput(index: 1, reason: "is \(from), which is no shape") }
        try table.checkBounds(from, input: 0)
        let to = try Self.resolved(try context.integers(2), from: from)
        let results = try context.makeTensor(TensorSpec(.int64, [table.rowCount, to.count])) { bytes in
            let target = bytes.bindMemory(to: Int64.self)
            for row in 0..<table.rowCount {
                var offset = 0
                for column in from.indices { offset = offset &* from[column] &+ table[row, column] }
                for column in to.indices.reversed() where to[column] > 0 {
                    target[row * to.count + column] = Int64(offset % to[column])
                    offset /= to[column]
                }
            }
        }
        return [.tensor(results), try context.integers(to)]
    }

    private static func resolved(_ wanted: [Int], from: [Int]) throws(OperatorError) -> [Int] {
        guard wanted.count <= Shape.maximumRank else { throw .invalidInput(index: 2, reason: "has \(wanted.count) extents") }
        func product(_ extents: some Sequence<Int>) throws(OperatorError) -> Int {
            var result = 1
            for extent in extents {
                let (next, overflow) = result.multipliedReportingOverflow(by: extent)
                guard !overflow else { throw .invalidValue("\(from) has too many elements to be reshaped") }
                result = next
            }
            return result
        }
        let count = try product(from)
        var result = wanted, free: Int?
        for (axis, extent) in wanted.enumerated() {
            if extent == -1 {
                if let free { throw .invalidValue("only one output dimension may be -1, not both \(free) and \(axis)") }
                free = axis
            } else if extent < 0 {
                throw .invalidValue("size \(axis) must be non-negative, not \(extent)")
            }
        }
        if let free {
            let others = try product(wanted.enumerated().filter { $0.offset != free }.map(\.element))
            guard others > 0 else {
                throw .invalidValue(
                    "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero")
            }
            guard count % others == 0 else {
                throw .invalidValue(
                    "Input to reshape is a SparseTensor with \(count) dense values, but the requested shape requires a multiple of "
                        + "\(others). input_shape=\(from)")
            }
            result[free] = count / others
        }
        guard try product(result) == count else {
            throw .invalidValue(
                "Input to reshape is a tensor with \(count) dense values, but the requested shape has \(try product(result)). "
                    + "input_shape=\(from) output_shape=\(result)")
        }
        return result
    }
}

/// A sparse tensor with an element in each row: rows without one get a default in column 0.
///
/// - Shapes: a sparse tensor of rank 2 or more, default [] → indices, values, bool [rows] of the rows that were empty, and where
///   each value went, int64 [n].
/// - Source: TensorFlow operator SparseFillEmptyRows.
struct SparseFillEmptyRows: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let rank = try inputs.sparse(0)
        let facts = OperatorInputs.sparse(try inputs.tensor(1).elementType, rank: rank)
        let places: SymbolicShape = try inputs.tensor(1).shape ?? SymbolicShape([.unknown])
        return [facts[0], facts[1], .list(.bool), ValueFact(.int64, places)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let input = try SparseTensor(context, 0), blank = try context.elements(3)
        guard input.rank >= 1 else { throw OperatorError.invalidInput(index: 2, reason: "is empty, expected at least one extent") }
        guard blank.count == 1 else { throw OperatorError.invalidInput(index: 3, reason: "has shape \(blank.shape), expected a scalar") }
        let filled = try FilledRows(rows: (0..<input.count).map { input.table[$0, 0] }, rowCount: input.extents[0], context)
        let indices = filled.places.flatMap { place in
            place.value.map { input.table.row($0) } ?? [place.row] + [Int](repeating: 0, count: input.rank - 1)
        }
        return try filled.outputs(
            try context.integers(indices, [filled.places.count, input.rank]), values: input.values, blank: blank, context)
    }
}

/// Values by rows, where each row has at least one: nil stands for a default.
struct FilledRows {
    private(set) var places: [(row: Int, value: Int?)] = []
    private var isEmpty: [Bool]
    private var reverse: [Int]

    init(rows: [Int], rowCount: Int, _ context: EvaluationContext) throws(OperatorError) {
        let bytes = ByteCount.sum(ByteCount.product(rowCount, 40), ByteCount.product(rows.count, 40))
        try context.withScratch(bytes) { () throws(OperatorError) in }
        isEmpty = [Bool](repeating: true, count: rowCount)
        for (value, row) in rows.enumerated() {
            guard row >= 0, row < rowCount else { throw .invalidValue("indices(\(value), 0) is invalid: \(row) >= \(rowCount)") }
            isEmpty[row] = false
        }
        reverse = [Int](repeating: 0, count: rows.count)
        var starts = [Int](repeating: 0, count: rowCount + 1)
        for row in rows { starts[row + 1] += 1 }
        for row in 0..<rowCount { starts[row + 1] = starts[row] + max(starts[row + 1], isEmpty[row] ? 1 : 0) }
        places = [(row: Int, value: Int?)](repeating: (0, nil), count: starts[rowCount])
        for row in 0..<rowCount where isEmpty[row] { places[starts[row]] = (row, nil) }
        for (value, row) in rows.enumerated() {
            reverse[value] = starts[row]
            places[starts[row]] = (row, value)
            starts[row] += 1
        }
    }

    func outputs(
        _ indices: RuntimeValue, values: ElementList, blank: ElementList, _ context: EvaluationContext
    ) throws(OperatorError) -> [RuntimeValue] {
        [
            indices,
            try ElementList.gathered(
                [values, blank], places.map { $0.value.map { (0, $0) } ?? (1, 0) }, [places.count], context),
            try context.list(isEmpty), try context.integers(reverse),
        ]
    }
}
