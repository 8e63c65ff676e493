import GraphIR
import Tensors

/// A dense tensor of a ragged one: short rows are filled up, long ones cut.
///
/// - Shapes: the wanted shape, with −1 where the rows decide (a scalar −1: everywhere); values [n, inner…]; default, which broadcasts
///   to [inner…]; row partitions → [rows, longest…, inner…].
/// - Source: TensorFlow operator RaggedTensorToTensor.
struct RaggedTensorToTensor: DynamicOperator {
    private enum Partition: String, CaseIterable, Sendable {
        case count = "FIRST_DIM_SIZE"
        case rowIDs = "VALUE_ROWIDS"
        case splits = "ROW_SPLITS"
    }

    private let partitions: [Partition]

    init(_ reader: AttributeReader) throws(OperatorError) {
        var partitions: [Partition] = []
        for name in try reader.strings("row_partition_types") ?? [] {
            guard let partition = Partition(rawValue: name) else {
                throw .invalidAttribute(name: "row_partition_types", reason: "names \"\(name)\", which is no kind of partition")
            }
            partitions.append(partition)
        }
        guard let first = partitions.first, first != .rowIDs, partitions.dropFirst().allSatisfy({ $0 != .count }) else {
            throw .invalidAttribute(name: "row_partition_types", reason: "must begin with ROW_SPLITS or FIRST_DIM_SIZE")
        }
        self.partitions = partitions
    }

    /// Number of ragged axes.
    private var depth: Int { partitions[0] == .count ? partitions.count - 1 : partitions.count }

    var acceptsObjects: Bool { true }
    var shapeOperands: Set<Int> { [0] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(3 + partitions.count...3 + partitions.count)
        let values = try inputs.tensor(1)
        guard let inner = values.shape else { return [ValueFact(values.elementType, nil as SymbolicShape?)] }
        var dimensions = [Dimension](repeating: .unknown, count: depth + 1) + inner.dimensions.dropFirst()
        if let wanted = inputs[0]?.integers, wanted.count == dimensions.count {
            for (axis, extent) in wanted.enumerated() where extent >= 0 { dimensions[axis] = .known(extent) }
        }
        return [ValueFact(values.elementType, SymbolicShape(dimensions))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let values = try context.elements(1), blank = try context.elements(2)
        guard values.shape.rank >= 1 else { throw OperatorError.invalidInput(index: 1, reason: "is a scalar") }
        guard values.elementType == blank.elementType else {
            throw OperatorError.invalidInput(index: 2, reason: "is of type \(blank.elementType), the values of \(values.elementType)")
        }
        let inner = Shape(Array(values.shape.extents.dropFirst()))
        guard blank.shape.rank <= inner.rank, Shape.broadcast(blank.shape, inner) == inner else {
            throw OperatorError.invalidInput(
                index: 2, reason: "default_value.shape=\(blank.shape) and rt_input.flat_values.shape=\(values.shape) are incompatible")
        }
        let levels = try levels(context)
        let extents = try extents(context, levels, inner)
        guard let shape = Shape(checking: extents + inner.extents) else {
            throw OperatorError.invalidValue("\(extents + inner.extents) is no shape of a tensor")
        }
        // Before its children are counted one by one.
        if let last = levels.last, last.childCount > values.shape[0] {
            throw OperatorError.invalidValue("Invalid row partition: it has \(last.childCount) values, there are \(values.shape[0])")
        }
        let scratch = ByteCount.product(levels.reduce(values.shape[0]) { ByteCount.sum($0, $1.childCount, $1.parentCount) }, 16)
        return try context.withScratch(scratch) { () throws(OperatorError) in
            let places = try places(levels, extents)
            guard places.count <= values.shape[0] else {
                throw .invalidValue("Invalid row partition: it has \(places.count) values, there are \(values.shape[0])")
            }
            return [try filled(shape, inner, places, values, blank, context)]
        }
    }

    /// One ragged axis: the lengths of rows, or the row of each child.
    private struct Level {
        let partition: Partition
        let numbers: [Int]
        let parentCount: Int

        var childCount: Int { partition == .splits ? max(0, numbers.last ?? 0) : numbers.count }

        /// The length of the longest row.
        var longest: Int {
            guard partition == .rowIDs else {
                return zip(numbers, numbers.dropFirst()).reduce(0) { max($0, $1.1 &- $1.0) }
            }
            var longest = 0, length = 0
            for place in numbers.indices {
                length = place > 0 && numbers[place] == numbers[place - 1] ? length + 1 : 1
                longest = max(longest, length)
            }
            return longest
        }
    }

    private func levels(_ context: EvaluationContext) throws(OperatorError) -> [Level] {
        var levels: [Level] = []
        var parentCount = 0
        for (number, partition) in partitions.enumerated() {
            let numbers = try context.integers(3 + number)
            if number == 0 {
                switch partition {
                case .count:
                    guard let count = numbers.first, count >= 0 else {
                        throw .invalidValue("Invalid first partition input. Tensor requires at least one element.")
                    }
                    parentCount = count
                    continue
                default:
                    guard !numbers.isEmpty else {
                        throw .invalidValue("Invalid first partition input. Tensor requires at least one element.")
                    }
                    parentCount = numbers.count - 1
                }
            }
            let level = Level(partition: partition, numbers: numbers, parentCount: parentCount)
            levels.append(level)
            parentCount = level.childCount
        }
        return levels
    }

    private func extents(_ context: EvaluationContext, _ levels: [Level], _ inner: Shape) throws(OperatorError) -> [Int] {
        let wanted = try context.integers(0), rank = depth + 1 + inner.rank
        var extents = [Int](repeating: -1, count: depth + 1)
        if try context.required(0).shape.rank > 0 {
            guard wanted.count == rank else {
                throw .invalidValue(
                    "rt_input.shape and shape=\(wanted) are incompatible: rt_input.rank = \(rank) but shape.rank = \(wanted.count)")
            }
            for (axis, extent) in wanted.enumerated() {
                guard extent >= -1 else { throw .invalidValue("shape must not have negative extents (\(wanted))") }
                if axis <= depth {
                    extents[axis] = extent
                } else if extent >= 0, extent != inner[axis - depth - 1] {
                    throw .invalidValue(
                        "rt_input.shape and shape=\(wanted) are incompatible: rt_input.shape[\(axis)] = \(inner[axis - depth - 1])")
                }
            }
        } else if wanted != [-1] {
            throw .invalidValue("a scalar shape must be -1, not \(wanted)")
        }
        if extents[0] < 0 { extents[0] = partitions[0] == .count ? try context.integer(3) : levels[0].numbers.count - 1 }
        for axis in 1..<max(extents.count, 1) where extents[axis] < 0 { extents[axis] = levels[axis - 1].longest }
        return extents
    }

    /// Where each value goes, in units of inner elements; −1 when it is cut off.
    private func places(_ levels: [Level], _ extents: [Int]) throws(OperatorError) -> [Int] {
        guard !extents.contains(0) else { return [] }
        let strides = (Shape(checking: extents) ?? .scalar).strides
        let parentCount = levels.first?.parentCount ?? extents[0]
        var places = (0..<parentCount).map { $0 < extents[0] ? $0 * (strides.first ?? 1) : -1 }
        for (number, level) in levels.enumerated() {
            let extent = extents[number + 1], stride = strides[number + 1]
            places =
                level.partition == .rowIDs
                ? try children(ids: level.numbers, places, extent, stride) : try children(splits: level.numbers, places, extent, stride)
        }
        return places
    }

    private func children(splits: [Int], _ parents: [Int], _ extent: Int, _ stride: Int) throws(OperatorError) -> [Int] {
        guard splits.count - 1 <= parents.count else {
            throw .invalidValue("Row partition size is greater than output size: \(splits.count - 1) > \(parents.count)")
        }
        var result: [Int] = []
        for row in 0..<max(0, splits.count - 1) {
            let (length, overflow) = splits[row + 1].subtractingReportingOverflow(splits[row])
            guard !overflow, length >= 0, length <= (splits.last ?? 0) else { throw .invalidValue("Invalid row split size.") }
            for column in 0..<length { result.append(parents[row] < 0 || column >= extent ? -1 : parents[row] + column * stride) }
            guard result.count <= (splits.last ?? 0) else { throw .invalidValue("Invalid row split size.") }
        }
        guard splits.isEmpty || result.count == splits.last else { throw .invalidValue("Invalid row split size.") }
        return result
    }

    private func children(ids: [Int], _ parents: [Int], _ extent: Int, _ stride: Int) throws(OperatorError) -> [Int] {
        var result: [Int] = [], column = 0
        result.reserveCapacity(ids.count)
        for (place, row) in ids.enumerated() {
            guard row >= 0, row < parents.count else {
                throw .invalidValue("Got next_value_rowid=\(row) which is not less than \(parents.count)")
            }
            column = place > 0 && ids[place - 1] == row ? column + 1 : 0
            result.append(parents[row] < 0 || column >= extent ? -1 : parents[row] + column * stride)
        }
        return result
    }

    private func filled(
        _ shape: Shape, _ inner: Shape, _ places: [Int], _ values: ElementList, _ blank: ElementList, _ context: EvaluationContext
    ) throws(OperatorError) -> RuntimeValue {
        let width = inner.elementCount
        let blanks = BroadcastPlaces(from: blank.shape, to: inner)
        switch (values, blank) {
        case (.strings(let texts), .strings(let blank)):
            return try context.withScratch(ByteCount.product(shape.elementCount, MemoryLayout<[UInt8]>.stride)) {
                () throws(OperatorError) in
                var elements = (0..<shape.elementCount).map { blank.elements[blanks[width == 0 ? 0 : $0 % width]] }
                for (number, place) in places.enumerated() where place >= 0 {
                    for column in 0..<width { elements[place * width + column] = texts.elements[number * width + column] }
                }
                return .strings(StringTensor(shape: shape, elements: elements))
            }
        case (.dense(let view), .dense(let blank)):
            let size = view.elementType.byteCount
            return .tensor(
                try context.makeTensor(TensorSpec(view.elementType, shape)) { bytes in
                    guard let base = bytes.baseAddress, shape.elementCount > 0 else { return }
                    if blank.bytes.allSatisfy({ $0 == 0 }) {
                        bytes.initializeMemory(as: UInt8.self, repeating: 0)
                    } else {
                        for place in 0..<shape.elementCount {
                            (base + place * size).copyMemory(
                                from: blank.baseAddress + blanks[place % width] * size, byteCount: size)
                        }
                    }
                    for (number, place) in places.enumerated() where place >= 0 {
                        (base + place * width * size).copyMemory(
                            from: view.baseAddress + number * width * size, byteCount: width * size)
                    }
                })
        default: throw .invalidValue("mixes strings and numbers")
        }
    }
}
