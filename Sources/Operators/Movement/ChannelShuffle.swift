import GraphIR
import Tensors

/// Deals channels out anew: with g groups of n channels, channel i of group j becomes channel j of group i of n groups.
///
/// - Shapes: `x` [N, C, spatial…], or channels last → as `x`.
/// - Source: what passes make of Reshape, Transpose and Reshape as ShuffleNet has them.
struct ChannelShuffle: ElementMover {
    let groups: Int
    var layout = TensorLayout.channelsFirst

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(1...1)
        let data = try inputs.dense(0)
        if let shape = data.shape {
            guard shape.rank >= 2, groups > 0, layout.channels(shape).value.map({ $0 % groups == 0 }) ?? true else {
                throw .invalidInput(index: 0, reason: "is \(shape), whose channels do not make \(groups) groups")
            }
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let rank = inputs.extents(0)?.count, rank >= 2 else { return .mixed(RowReason.unknown) }
        return inputs.linewise(along: [layout.channelAxis(rank: rank)])
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let spec = try context.input(0), axis = layout.channelAxis(rank: spec.shape.rank)
        let outer = spec.shape.elementCount(in: 0..<axis), inner = spec.shape.elementCount(in: axis + 1..<spec.shape.rank)
        let channels = spec.shape[axis], each = channels / groups
        let copy = StridedCopy(
            extents: [outer, each, groups, inner], sourceStrides: [channels * inner, inner, each * inner, 1],
            destinationStrides: [channels * inner, groups * inner, inner, 1], elementByteCount: spec.elementType.byteCount)
        return CompiledOperator(StridedCopyKernel(copy: copy))
    }
}
