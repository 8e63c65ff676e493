import GraphIR
import Tensors

/// How many elements of data share a scale and a zero point: all, a slice along an axis, or a block of neighbours along it.
struct ScaleRule: Sendable {
    /// nil where every tensor has one scale.
    var axis: Int?
    /// Elements of a block; 0 without blocks.
    var blockSize = 0

    init(axis: Int?, blockSize: Int = 0) {
        self.axis = axis
        self.blockSize = blockSize
    }

    /// Reads `axis` and `block_size`.
    init(_ reader: AttributeReader) throws(OperatorError) {
        axis = try reader.integer("axis", default: 1)
        blockSize = try reader.integer("block_size", default: 0)
        guard (0...Shape.maximumElementCount).contains(blockSize) else {
            throw .invalidAttribute(name: "block_size", reason: "is \(blockSize), expected a positive number")
        }
    }

    /// Refuses scales (input 1) and zero points (input 2) that do not fit the data (input 0).
    func check(_ inputs: OperatorInputs) throws(OperatorError) {
        guard let scales = try inputs.required(1).shape else { return }
        try checkZeros(inputs[2]?.shape, scales)
        // Scales of unknown shape may turn out to be one.
        guard let count = scales.concrete?.elementCount, count != 1 else { return }
        guard let axis else { throw .invalidInput(index: 1, reason: "has shape \(scales), expected one number") }
        guard let data = try inputs.required(0).shape else { return }
        let place = try resolved(axis, rank: data.rank)
        blockSize == 0 ? try checkSlices(scales, data, place) : try checkBlocks(scales, data, place)
    }

    /// Data of one axis has no other.
    private func resolved(_ axis: Int, rank: Int) throws(OperatorError) -> Int {
        if rank == 1, axis == 1 { return 0 }
        return try Axes.resolve(axis, rank: rank)
    }

    private func checkZeros(_ zeros: SymbolicShape?, _ scales: SymbolicShape) throws(OperatorError) {
        guard let zeros, let found = zeros.concrete, let expected = scales.concrete else { return }
        if found.elementCount == 1, expected.elementCount == 1 { return }
        guard found == expected else {
            throw .invalidInput(index: 2, reason: "has shape \(found), expected \(expected) as the scales")
        }
    }

    private func checkSlices(_ scales: SymbolicShape, _ data: SymbolicShape, _ axis: Int) throws(OperatorError) {
        guard scales.rank == 1, Dimension.unified(scales[0], data[axis]) != nil else {
            throw .invalidInput(index: 1, reason: "has shape \(scales), expected \(data[axis]) numbers for axis \(axis) of \(data)")
        }
    }

    private func checkBlocks(_ scales: SymbolicShape, _ data: SymbolicShape, _ axis: Int) throws(OperatorError) {
        guard scales.rank == data.rank else {
            throw .invalidInput(index: 1, reason: "has rank \(scales.rank), expected \(data.rank) as the data, for blocks")
        }
        for place in 0..<data.rank {
            var expected = data[place]
            if place == axis { expected = expected.value.map { .known(blockCount($0)) } ?? .unknown }
            guard Dimension.unified(scales[place], expected) != nil else {
                throw .invalidInput(
                    index: 1,
                    reason: "has shape \(scales), expected \(expected) along axis \(place) for \(data) in blocks of \(blockSize)")
            }
        }
    }

    private func blockCount(_ extent: Int) -> Int { extent == 0 ? 0 : (extent - 1) / blockSize + 1 }

    /// Rows stay apart when what they share is the same for each of them.
    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let scales = inputs.extents(1), let data = inputs.extents(0), let row = inputs.axis(0) else {
            return .mixed(RowReason.unknown)
        }
        if scales.allSatisfy({ $0 == 1 }) { return inputs.elementwise() }
        return .following { () throws(OperatorError) in
            guard blockSize == 0, let axis, try resolved(axis, rank: data.count) != row else { return .mixed(RowReason.positional) }
            return inputs.elementwise()
        }
    }

    /// The runs of elements of `data`, for shapes that `check` accepts.
    func runs(data: Shape, scales: Shape) throws(OperatorError) -> ScaleRuns {
        guard scales.elementCount != 1, let axis else { return .all(data.elementCount) }
        let lines = AxisLines(data, axis: try resolved(axis, rank: data.rank))
        return blockSize == 0 ? .slices(lines) : .blocks(lines, size: blockSize, count: blockCount(lines.extent))
    }
}

/// Neighbouring elements and the places of their scales.
enum ScaleRuns: Sendable {
    case all(Int)
    case slices(AxisLines)
    case blocks(AxisLines, size: Int, count: Int)

    /// Whether the elements of a run have one scale.
    var share: Bool {
        switch self {
        case .all: true
        case .slices(let lines): lines.innerCount != 1
        case .blocks(let lines, _, _): lines.innerCount == 1
        }
    }

    /// Calls `body` for each run with its first element, its length, the place of the first one's scale, and the step (0 or 1) from
    /// one element's scale to the next one's.
    @inline(__always)
    func forEach(_ body: (Int, Int, Int, Int) -> Void) {
        switch self {
        case .all(let count): body(0, count, 0, 0)
        case .slices(let lines) where lines.innerCount == 1:
            for outer in 0..<lines.outerCount { body(outer * lines.extent, lines.extent, 0, 1) }
        case .slices(let lines):
            for outer in 0..<lines.outerCount {
                for slice in 0..<lines.extent {
                    body((outer * lines.extent + slice) * lines.innerCount, lines.innerCount, slice, 0)
                }
            }
        case .blocks(let lines, let size, let count) where lines.innerCount == 1:
            for outer in 0..<lines.outerCount {
                for block in 0..<count {
                    let start = block * size
                    body(outer * lines.extent + start, min(size, lines.extent - start), outer * count + block, 0)
                }
            }
        case .blocks(let lines, let size, let count):
            let inner = lines.innerCount
            for outer in 0..<lines.outerCount {
                for slice in 0..<lines.extent {
                    body((outer * lines.extent + slice) * inner, inner, (outer * count + slice / size) * inner, 1)
                }
            }
        }
    }
}
