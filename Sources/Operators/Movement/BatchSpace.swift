import GraphIR
import Tensors

/// Moves blocks of space into the batch, after zeros were put around, or back, before borders are cut off.
///
/// - Shapes: SpaceToBatch: `x` [N, s1, …, sm, rest…], `block` (m), `pads` [m, 2] → [N · Π block, (s1 + pads) / block, …, rest…]; the
///   place in the block is the slower part of the batch. BatchToSpace the other way with `crops`.
/// - Source: TensorFlow operators SpaceToBatchND, BatchToSpaceND, SpaceToBatch and BatchToSpace.
struct BatchSpace: Operator, ElementMover {
    enum Direction: Sendable { case toBatch, toSpace }

    let name: String
    let direction: Direction
    /// Of the older operators: one extent for both axes of space. There is no input `block` then.
    let block: Int?

    init(_ reader: AttributeReader, _ direction: Direction, readsBlock: Bool) throws(OperatorError) {
        name = reader.node.operatorName
        self.direction = direction
        guard !readsBlock else {
            block = nil
            return
        }
        let block = try reader.integer("block_size", default: 0)
        guard (2..<1 << 16).contains(block) else { throw .invalidAttribute(name: "block_size", reason: "is \(block), expected 2 to 65535") }
        self.block = block
    }

    private var borderInput: Int { block == nil ? 2 : 1 }
    var shapeOperands: Set<Int> { block == nil ? [1, 2] : [1] }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(borderInput + 1...borderInput + 1)
        let x = try inputs.dense(0)
        let blocks = try inputs.parameters(1, or: block.map { [$0, $0] }), borders = try inputs.indices(borderInput)
        if let rank = borders.rank, rank != 2 {
            throw .invalidInput(index: borderInput, reason: "has \(rank) axes, expected pairs [axes, 2]")
        }
        guard let shape = x.shape else { return [ValueFact(x.elementType, nil)] }
        if block != nil, shape.rank != 4 { throw .invalidInput(index: 0, reason: "is \(shape) with \(shape.rank) axes, expected 4") }
        guard let blocks, let pairs = borders.integers else { return [ValueFact(x.elementType, SymbolicShape(unknownRank: shape.rank))] }
        return [ValueFact(x.elementType, try result(shape, blocks, pairs).checked("the output"))]
    }

    private func result(_ x: SymbolicShape, _ blocks: [Int], _ borders: [Int]) throws(OperatorError) -> SymbolicShape {
        guard blocks.count < x.rank, borders.count == 2 * blocks.count, blocks.allSatisfy({ (1...WindowAttributes.limit).contains($0) }),
            borders.allSatisfy({ (0...WindowAttributes.limit).contains($0) })
        else { throw .invalidValue("blocks \(blocks) and borders \(borders) do not fit data of shape \(x)") }
        let volume = blocks.reduce(1) { ByteCount.product($0, $1) }
        var shape = x
        if direction == .toBatch {
            shape[0] = Dimension.product([x[0], .known(volume)])
        } else {
            shape[0] =
                try x[0].value.map { batch throws(OperatorError) in
                    guard batch % volume == 0 else {
                        throw .invalidInput(index: 0, reason: "has a batch of \(batch), which blocks \(blocks) do not divide")
                    }
                    return .known(batch / volume)
                } ?? .unknown
        }
        for (axis, block) in blocks.enumerated() {
            let border = borders[2 * axis] + borders[2 * axis + 1]
            shape[axis + 1] =
                try x[axis + 1].value.map { extent throws(OperatorError) in
                    switch direction {
                    case .toBatch:
                        guard (extent + border) % block == 0 else {
                            throw .invalidInput(
                                index: 0, reason: "has an axis of \(extent), padded \(extent + border), not divisible by \(block)")
                        }
                        return .known((extent + border) / block)
                    case .toSpace:
                        let whole = ByteCount.product(extent, block)
                        guard whole >= border else {
                            throw .invalidInput(index: borderInput, reason: "crops \(border) of \(whole) elements")
                        }
                        return .known(whole - border)
                    }
                } ?? .unknown
        }
        return shape
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if context.makesNothing { return .nothing }
        let x = try context.input(0), output = context.outputs[0].shape
        let blocks = try context.parameters(1, or: block.map { [$0, $0] }), borders = try context.parameters(borderInput)
        if blocks.isEmpty { return .view(of: 0) }
        let small = direction == .toBatch ? output : x.shape, large = direction == .toBatch ? x.shape : output
        let unit = x.shape.elementCount(in: blocks.count + 1..<x.shape.rank) * x.elementType.byteCount
        let walk = BlockWalk(
            blocks: blocks, before: blocks.indices.map { borders[2 * $0] }, small: Array(small.extents[1...blocks.count]),
            large: Array(large.extents[1...blocks.count]), batch: large[0], unit: unit)
        let direction = direction
        return CompiledOperator(
            LoopKernel { context in
                let from = context.input(0), to = context.output(0)
                walk.forEach { small, large in
                    switch (direction, large) {
                    case (.toBatch, let large?): (to + small).copyMemory(from: from + large, byteCount: unit)
                    case (.toBatch, nil): (to + small).initializeMemory(as: UInt8.self, repeating: 0, count: unit)
                    case (.toSpace, let large?): (to + large).copyMemory(from: from + small, byteCount: unit)
                    case (.toSpace, nil): break
                    }
                }
            })
    }

    static let spellings: [OperatorSpelling] = [
        .tensorFlow("SpaceToBatchND") { reader throws(OperatorError) in try BatchSpace(reader, .toBatch, readsBlock: true) },
        .tensorFlow("BatchToSpaceND") { reader throws(OperatorError) in try BatchSpace(reader, .toSpace, readsBlock: true) },
        .tensorFlow("SpaceToBatch") { reader throws(OperatorError) in try BatchSpace(reader, .toBatch, readsBlock: false) },
        .tensorFlow("BatchToSpace") { reader throws(OperatorError) in try BatchSpace(reader, .toSpace, readsBlock: false) },
    ]
}

/// Pairs of places: in the tensor of the large batch and little space, and in that of the small batch and much space.
private struct BlockWalk: Sendable {
    let blocks: [Int]
    /// Elements of the border before each axis of the large space.
    let before: [Int]
    let small: [Int]
    let large: [Int]
    /// Of the tensor with much space.
    let batch: Int
    /// Bytes at each place.
    let unit: Int

    /// Calls `body` with byte offsets; the second is nil in the border.
    func forEach(_ body: (_ small: Int, _ large: Int?) -> Void) {
        let places = small.reduce(1, *), volume = blocks.reduce(1, *), largePlaces = large.reduce(1, *)
        for block in 0..<volume {
            for image in 0..<batch {
                for place in 0..<places {
                    var at = 0, rest = place, blockRest = block, stride = 1, isInside = true
                    for axis in blocks.indices.reversed() {
                        let position = rest % small[axis] * blocks[axis] + blockRest % blocks[axis] - before[axis]
                        rest /= small[axis]
                        blockRest /= blocks[axis]
                        isInside = isInside && position >= 0 && position < large[axis]
                        at += position * stride
                        stride *= large[axis]
                    }
                    body(((block * batch + image) * places + place) * unit, isInside ? (image * largePlaces + at) * unit : nil)
                }
            }
        }
    }
}
