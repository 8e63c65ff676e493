import GraphIR
import Tensors

/// Moves blocks of channels into space, or back.
///
/// - Shapes: DepthToSpace [N, C·b², H, W] → [N, C, H·b, W·b]; SpaceToDepth the other way; or with the channels last.
/// - Source: ONNX operators DepthToSpace and SpaceToDepth (mode DCR or CRD, which SpaceToDepth has since opset 28); TensorFlow
///   operators of the same names.
struct DepthSpace: ElementMover {
    enum Direction: Sendable {
        /// The block's place is the slower (DCR) or the faster (CRD) part of the channel number.
        case depthToSpace(blockIsSlower: Bool)
        case spaceToDepth(blockIsSlower: Bool)
    }

    enum Mode: String, CaseIterable { case depthFirst = "DCR", columnFirst = "CRD" }

    let direction: Direction
    let block: Int
    var layout = TensorLayout.channelsFirst

    var name: String {
        if case .spaceToDepth = direction { "SpaceToDepth" } else { "DepthToSpace" }
    }

    init(_ direction: Direction, block: Int?) throws(OperatorError) {
        guard let block, block > 0, block < 1 << 16 else {
            throw .invalidAttribute(name: "blocksize", reason: "is \(block.map(String.init) ?? "missing"), expected 1 to 65535")
        }
        self.direction = direction
        self.block = block
    }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        guard let shape = data.shape else { return [ValueFact(data.elementType, SymbolicShape(unknownRank: 4))] }
        guard shape.rank == 4 else {
            throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 4 (batch, channels, height and width)")
        }
        let channels: Dimension, spatial: [Dimension]
        switch direction {
        case .depthToSpace:
            channels = try divided(shape, axis: layout.channelAxis(rank: 4), by: block * block)
            spatial = layout.spatial(shape).map { multiplied($0, by: block) }
        case .spaceToDepth:
            channels = multiplied(layout.channels(shape), by: block * block)
            spatial = try layout.spatialAxes(rank: 4).map { axis throws(OperatorError) in try divided(shape, axis: axis, by: block) }
        }
        let result = layout.shape(batch: shape[0], channels: channels, spatial: spatial)
        return [ValueFact(data.elementType, try result.checked("the output"))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow { inputs.positionwise(along: [0]) }

    private func multiplied(_ extent: Dimension, by factor: Int) -> Dimension {
        Dimension.product([extent, .known(factor)])
    }

    private func divided(_ shape: SymbolicShape, axis: Int, by divisor: Int) throws(OperatorError) -> Dimension {
        guard let extent = shape[axis].value else { return divisor == 1 ? shape[axis] : .unknown }
        guard extent % divisor == 0 else {
            throw .invalidInput(
                index: 0, reason: "has extent \(extent) along axis \(axis) (shape \(shape)), which does not divide by \(divisor)")
        }
        return .known(extent / divisor)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        if block == 1 { return .view(of: 0) }
        let input = try context.input(0), output = context.outputs[0].shape
        let (inner, permutation) = split(input.shape, output)
        let split = Shape(inner)
        return CompiledOperator(
            StridedCopyKernel(
                copy: StridedCopy(
                    extents: permutation.map { inner[$0] }, sourceStrides: permutation.map { split.strides[$0] },
                    destinationStrides: Shape(permutation.map { inner[$0] }).strides,
                    elementByteCount: input.elementType.byteCount)))
    }

    /// The input seen with six axes, and the order in which the output has them.
    private func split(_ input: Shape, _ output: Shape) -> (extents: [Int], permutation: [Int]) {
        switch direction {
        case .depthToSpace where layout == .channelsLast:
            ([input[0], input[1], input[2], block, block, output[3]], [0, 1, 3, 2, 4, 5])
        case .spaceToDepth where layout == .channelsLast:
            ([input[0], output[1], block, output[2], block, input[3]], [0, 1, 3, 2, 4, 5])
        case .depthToSpace(blockIsSlower: true):
            ([input[0], block, block, output[1], input[2], input[3]], [0, 3, 4, 1, 5, 2])
        case .depthToSpace(blockIsSlower: false):
            ([input[0], output[1], block, block, input[2], input[3]], [0, 1, 4, 2, 5, 3])
        case .spaceToDepth(let blockIsSlower):
            (
                [input[0], input[1], output[2], block, output[3], block],
                blockIsSlower ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]
            )
        }
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("DepthToSpace") { reader throws(OperatorError) in
            let mode = try reader.choice("mode", default: Mode.depthFirst)
            return try DepthSpace(.depthToSpace(blockIsSlower: mode == .depthFirst), block: reader.integer("blocksize"))
        },
        .tensorFlow("DepthToSpace") { reader throws(OperatorError) in
            try tensorFlow(reader, .depthToSpace(blockIsSlower: true))
        },
        .tensorFlow("SpaceToDepth") { reader throws(OperatorError) in try tensorFlow(reader, .spaceToDepth(blockIsSlower: true)) },
        .onnx("SpaceToDepth", through: 27) { reader throws(OperatorError) in
            try DepthSpace(.spaceToDepth(blockIsSlower: true), block: reader.integer("blocksize"))
        },
        .onnx("SpaceToDepth", since: 28) { reader throws(OperatorError) in
            let mode = try reader.choice("mode", default: Mode.depthFirst)
            return try DepthSpace(.spaceToDepth(blockIsSlower: mode == .depthFirst), block: reader.integer("blocksize"))
        },
    ]

    private static func tensorFlow(_ reader: AttributeReader, _ direction: Direction) throws(OperatorError) -> DepthSpace {
        var op = try DepthSpace(direction, block: reader.integer("block_size"))
        op.layout = try FilterWindow.layout(reader)
        return op
    }
}
