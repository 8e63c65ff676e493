import GraphIR
import Tensors

/// A ragged tensor as a dynamic operator reads it: row splits of each level, outermost first, and the values.
struct RaggedTensor {
    let splits: [[Int]]
    let values: ElementList

    var splitsType: ElementType = .int64

    /// The ragged tensor whose `depth` row splits begin at input `first`, with the values behind them.
    init(_ context: EvaluationContext, _ first: Int, depth: Int) throws(OperatorError) {
        values = try context.elements(first + depth)
        var splits: [[Int]] = []
        for level in 0..<depth {
            let view = try context.required(first + level)
            guard view.shape.rank == 1 else {
                throw .invalidInput(index: first + level, reason: "is \(view.spec), expected a list of row splits")
            }
            splits.append(try context.integers(first + level))
            splitsType = view.elementType
        }
        guard depth == 0 || values.shape.rank >= 1 else { throw .invalidInput(index: first + depth, reason: "is a scalar") }
        for (level, list) in splits.enumerated() {
            let count = level + 1 < depth ? splits[level + 1].count - 1 : values.shape[0]
            try RowSplits.check(list, valueCount: count, input: first + level)
        }
        self.splits = splits
    }

    /// Elements of one value along the first axis.
    var width: Int { values.shape.elementCount(in: min(1, values.shape.rank)..<values.shape.rank) }

    /// The values of `ranges`, one after another, as a tensor.
    func values(_ ranges: [Range<Int>], _ context: EvaluationContext) throws(OperatorError) -> RuntimeValue {
        let count = ranges.reduce(0) { ByteCount.sum($0, $1.count) }
        guard let shape = Shape(checking: [count] + values.shape.extents.dropFirst()) else {
            throw .invalidValue("gathers too many values")
        }
        switch values {
        case .strings(let texts):
            return try context.withScratch(ByteCount.product(shape.elementCount, MemoryLayout<[UInt8]>.stride)) {
                () throws(OperatorError) in
                let elements = ranges.flatMap { texts.elements[$0.lowerBound * width..<$0.upperBound * width] }
                return .strings(StringTensor(shape: shape, elements: elements))
            }
        case .dense(let view):
            let step = width * view.elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(view.elementType, shape)) { bytes in
                    guard var target = bytes.baseAddress else { return }
                    for range in ranges {
                        target.copyMemory(from: view.baseAddress + range.lowerBound * step, byteCount: range.count * step)
                        target += range.count * step
                    }
                })
        }
    }
}

/// A ragged tensor as a sparse one.
///
/// - Shapes: row splits of each level, values [n, inner…] → indices, values, shape.
/// - Source: TensorFlow operator RaggedTensorToSparse.
struct RaggedTensorToSparse: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 2 else { throw .wrongInputCount(found: inputs.count, expected: 2...Int.max) }
        let values = try inputs.tensor(inputs.count - 1)
        return OperatorInputs.sparse(values.elementType, rank: values.shape.map { $0.rank + inputs.count - 1 })
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let depth = context.inputs.count - 1
        let input = try RaggedTensor(context, 0, depth: depth)
        let inner = Array(input.values.shape.extents.dropFirst()), rank = depth + 1 + inner.count
        let count = input.values.count
        return try context.withScratch(ByteCount.product(count, 16 * rank)) { () throws(OperatorError) in
            var indices: [Int] = []
            indices.reserveCapacity(count * rank)
            var rows = [Int](repeating: 0, count: depth)
            for place in 0..<input.values.shape[0] {
                // The row of each level that the value lies in, innermost first.
                var child = place, prefix = [Int](repeating: 0, count: depth + 1)
                for level in (0..<depth).reversed() {
                    let splits = input.splits[level]
                    while splits[rows[level] + 1] <= child { rows[level] += 1 }
                    prefix[level + 1] = child - splits[rows[level]]
                    child = rows[level]
                }
                prefix[0] = child
                for column in 0..<input.width {
                    var rest = column, tail = [Int](repeating: 0, count: inner.count)
                    for axis in inner.indices.reversed() {
                        tail[axis] = rest % inner[axis]
                        rest /= inner[axis]
                    }
                    indices += prefix + tail
                }
            }
            let lengths = input.splits.map { splits in zip(splits, splits.dropFirst()).reduce(0) { max($0, $1.1 - $1.0) } }
            let extents = [input.splits[0].count - 1] + lengths + inner
            let values = try input.values.copied([count], context)
            return try context.sparse(indices: indices, values: values, count: count, extents: extents)
        }
    }
}

/// Rows of a ragged tensor.
///
/// - Shapes: row splits of each level, values, indices [A…] → row splits of one level less than the indices have axes and the
///   tensor levels together, values.
/// - Source: TensorFlow operator RaggedGather.
struct RaggedGather: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        guard inputs.count >= 3 else { throw .wrongInputCount(found: inputs.count, expected: 3...Int.max) }
        try inputs.integers(inputs.count - 1)
        let values = try inputs.tensor(inputs.count - 2), splits = try inputs.integers(0)
        let shape = values.shape.map { SymbolicShape([.unknown] + $0.dimensions.dropFirst()) }
        return [ValueFact](repeating: .list(splits.elementType), count: max(0, inputs.outputCount - 1))
            + [ValueFact(values.elementType, shape)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let depth = context.inputs.count - 2
        let input = try RaggedTensor(context, 0, depth: depth)
        let indices = try context.integers(depth + 1), shape = try context.required(depth + 1).shape
        var results: [[Int]] = []
        // The axes of the indices but the last one are even rows.
        for axis in 1..<max(shape.rank, 1) {
            let rowCount = shape.elementCount(in: 0..<axis)
            results.append((0...rowCount).map { $0 * shape[axis] })
        }
        let rowCount = input.splits[0].count - 1
        for (place, index) in indices.enumerated() where index < 0 || index >= rowCount {
            throw OperatorError.invalidValue("indices[\(place)] = \(index) is not in [0, \(rowCount))")
        }
        var ranges = indices.map { $0..<$0 + 1 }
        for (level, splits) in input.splits.enumerated() {
            let total = ranges.reduce(0) { ByteCount.sum($0, $1.count) }
            try context.withScratch(ByteCount.product(total, 8)) { () throws(OperatorError) in
                var lengths = [0]
                for row in ranges.joined() { lengths.append(lengths[lengths.count - 1] &+ splits[row + 1] - splits[row]) }
                if level > 0 || shape.rank > 0 { results.append(lengths) }
            }
            ranges = ranges.map { splits[$0.lowerBound]..<splits[$0.upperBound] }
        }
        var outputs: [RuntimeValue] = []
        for splits in results { outputs.append(try context.integers(splits, input.splitsType)) }
        outputs.append(try input.values(ranges, context))
        guard outputs.count == context.outputCount else {
            throw OperatorError.invalidAttribute(name: "OUTPUT_RAGGED_RANK", reason: "does not agree with the indices' rank")
        }
        return outputs
    }
}

/// A ragged tensor with a value in each row: empty rows get a default.
///
/// - Shapes: the row of each value int64 [n], values [n], number of rows [], default [] → rows, values, bool [rows] of the rows that
///   were empty, and where each value went.
/// - Source: TensorFlow operator RaggedFillEmptyRows.
struct RaggedFillEmptyRows: DynamicOperator {
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(4...4)
        let rows = try inputs.integers(0)
        return [
            .list(.int64), .list(try inputs.tensor(1).elementType), .list(.bool),
            ValueFact(.int64, rows.shape ?? SymbolicShape([.unknown])),
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let rows = try context.integers(0), values = try context.elements(1), blank = try context.elements(3)
        let rowCount = try context.integer(2)
        guard values.shape.rank == 1, values.count == rows.count else {
            throw OperatorError.invalidInput(index: 1, reason: "has shape \(values.shape), expected \(rows.count) values")
        }
        guard blank.count == 1, rowCount >= 0 else {
            throw OperatorError.invalidInput(index: 3, reason: "has shape \(blank.shape), expected a scalar")
        }
        let filled = try FilledRows(rows: rows, rowCount: rowCount, context)
        return try filled.outputs(try context.integers(filled.places.map(\.row)), values: values, blank: blank, context)
    }
}
