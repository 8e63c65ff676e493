import GraphIR
import Tensors

/// The distinct elements, or the distinct slices along an axis, in the order in which they first occur.
///
/// - Shapes: data [n] (or any with an axis) → the distinct ones, which of them each has been, and how often each occurs.
/// - NaN is equal to nothing, -0 to 0. Strings are compared by their bytes.
/// - Source: TensorFlow's Unique, UniqueV2, UniqueWithCounts and UniqueWithCountsV2.
struct Distinct: DynamicOperator {
    var takesAxis = false
    var counts = false
    var indexType = ElementType.int32

    var name: String { (counts ? "UniqueWithCounts" : "Unique") + (takesAxis ? "V2" : "") }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(takesAxis ? 2...2 : 1...1)
        let data = try inputs.tensor(0)
        let axis = takesAxis ? try inputs.parameters(1) : []
        var values = data.shape.map { SymbolicShape(unknownRank: $0.rank) }, places = Dimension.unknown
        if let shape = data.shape, let axis {
            let along = try Self.axis(axis, rank: shape.rank)
            values = shape
            values?[along] = .unknown
            places = shape[along]
        }
        let list = ValueFact(indexType, SymbolicShape([.unknown]))
        return [ValueFact(data.elementType, values), ValueFact(indexType, SymbolicShape([places]))] + (counts ? [list] : [])
    }

    private static func axis(_ given: [Int], rank: Int) throws(OperatorError) -> Int {
        if given.isEmpty {
            guard rank == 1 else { throw .invalidInput(index: 0, reason: "has rank \(rank), expected 1 where no axis is given") }
            return 0
        }
        guard given.count == 1 else { throw .invalidValue("has the axes \(given), expected one at most") }
        return try Axes.resolve(given[0], rank: rank)
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try SliceSource(context.value(0))
        let given = takesAxis ? try context.required(1).integers ?? [] : []
        let axis = try Self.axis(given, rank: data.shape.rank)
        let extent = data.shape[axis]
        // For each slice its number, and at most a key and an entry of the table.
        let sliceByteCount = data.shape.elementCount(in: 0..<axis) * data.shape.elementCount(in: axis + 1..<data.shape.rank)
        let scratch = ByteCount.product(extent, ByteCount.sum(ByteCount.product(sliceByteCount, data.elementByteCount), 96))
        return try context.withScratch(scratch) { () throws(OperatorError) in
            var first: [Int] = [], occurrences: [Int] = [], inverse: [Int] = []
            inverse.reserveCapacity(extent)
            var known = SliceTable()
            for slice in 0..<extent {
                if slice & 0xFFFF == 0xFFFF { try context.checkStop() }
                let number = known.number(of: data, axis: axis, slice, next: first.count)
                if number == first.count {
                    first.append(slice)
                    occurrences.append(0)
                }
                occurrences[number] += 1
                inverse.append(number)
            }
            var outputs: [RuntimeValue] = [
                try data.gathered(first, axis: axis, context), .tensor(try context.list(inverse, indexType)),
            ]
            if counts { outputs.append(.tensor(try context.list(occurrences, indexType))) }
            return outputs
        }
    }
}

/// The elements of one list that are not in another, and where they stood.
///
/// - Shapes: [n], [m] → [k], [k].
/// - Source: TensorFlow's ListDiff.
struct ListDifference: DynamicOperator {
    var indexType = ElementType.int32
    var name: String { "ListDiff" }
    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.tensor(0), other = try inputs.tensor(1)
        guard data.elementType == other.elementType else {
            throw .invalidInput(index: 1, reason: "is \(other.elementType), expected \(data.elementType) as input 0")
        }
        for (index, fact) in [data, other].enumerated() {
            if let rank = fact.shape?.rank, rank != 1 { throw .invalidInput(index: index, reason: "has rank \(rank), expected 1") }
        }
        return [ValueFact(data.elementType, SymbolicShape([.unknown])), ValueFact(indexType, SymbolicShape([.unknown]))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { .mixed(RowReason.compacted) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let data = try SliceSource(context.value(0)), other = try SliceSource(context.value(1))
        guard data.shape.rank == 1, other.shape.rank == 1 else { throw OperatorError.invalidValue("needs two lists") }
        let scratch = ByteCount.product(ByteCount.sum(data.shape[0], other.shape[0]), 96)
        return try context.withScratch(scratch) { () throws(OperatorError) in
            var known = SliceTable()
            for place in 0..<other.shape[0] { _ = known.number(of: other, axis: 0, place, next: 1) }
            var kept: [Int] = []
            for place in 0..<data.shape[0] where !known.has(data, axis: 0, place) { kept.append(place) }
            return [try data.gathered(kept, axis: 0, context), .tensor(try context.list(kept, indexType))]
        }
    }
}

extension EvaluationContext {
    /// Numbers as a tensor of int32 or int64.
    fileprivate func list(_ values: [Int], _ type: ElementType) throws(OperatorError) -> Tensor {
        try makeTensor(TensorSpec(type, [values.count])) { bytes in
            guard let address = bytes.baseAddress else { return }
            for (index, value) in values.enumerated() { IntegerMemory.store(value, address, type, index) }
        }
    }
}

enum DistinctOperators {
    static let spellings: [OperatorSpelling] =
        [
            .tensorFlow("ListDiff") { reader throws(OperatorError) in
                ListDifference(indexType: try reader.elementType("out_idx", default: .int32, of: [.int32, .int64]))
            }
        ]
        + [("Unique", false, false), ("UniqueV2", true, false), ("UniqueWithCounts", false, true), ("UniqueWithCountsV2", true, true)]
        .map { name, takesAxis, counts in
            .tensorFlow(name) { reader throws(OperatorError) in
                Distinct(
                    takesAxis: takesAxis, counts: counts,
                    indexType: try reader.elementType("out_idx", default: .int32, of: [.int32, .int64]))
            }
        }
}
