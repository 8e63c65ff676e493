import GraphIR
import Tensors

/// Single elements chosen by an index tensor of the data's rank.
///
/// - Shapes: data [d0, …, dn], indices [i0, …, in] with ik ≤ dk off the axis → [i0, …, in].
/// - Source: ONNX operator GatherElements.
struct GatherElements: ElementMover {
    var axis = 0

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), indices = try inputs.indices(1)
        if let shape = data.shape, let chosen = indices.shape {
            let axis = try Axes.resolve(axis, rank: shape.rank)
            try ElementIndexing.check(data: shape, indices: chosen, axis: axis)
        }
        return [ValueFact(data.elementType, indices.shape)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        .following { () throws(OperatorError) in
            guard let data = inputs.extents(0), let indices = inputs.extents(1), let along = inputs.axis(1) else {
                return .mixed(RowReason.positional)
            }
            // Only along the indexed axis does it not matter at which position an index stands.
            let isIndexed = try Axes.resolve(axis, rank: data.count) == along
            guard let rows = inputs.axis(0) else {
                return isIndexed ? .rows(axis: along, of: inputs) : .mixed(RowReason.positional)
            }
            guard rows == along, !isIndexed, data[along] == indices[along] else { return .mixed(RowReason.crossed) }
            return .rows(axis: along, of: inputs)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0)
        let axis = try Axes.resolve(axis, rank: data.shape.rank)
        let indexing = ElementIndexing(data: data.shape, indices: try context.input(1), axis: axis)
        return CompiledOperator(
            GatherElementsKernel(indexing: indexing, elementByteCount: data.elementType.byteCount))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("GatherElements", since: 11) { reader throws(OperatorError) in
            GatherElements(axis: try reader.integer("axis", default: 0))
        }
    ]
}

private struct GatherElementsKernel: Kernel {
    let indexing: ElementIndexing
    let elementByteCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        switch elementByteCount {
        case 1: try gather(UInt8.self, context)
        case 2: try gather(UInt16.self, context)
        case 4: try gather(UInt32.self, context)
        default: try gather(UInt64.self, context)
        }
    }

    @inline(__always)
    private func gather<Bits: BitwiseCopyable>(_: Bits.Type, _ context: KernelContext) throws(OperatorError) {
        let data = context.input(0, as: Bits.self), output = context.output(0, as: Bits.self)
        let indices = IndexInput(
            context.input(1), indexing.indexType, axis: indexing.axis, extent: indexing.axisExtent)
        let length = indexing.rowLength, columnStride = indexing.columnStride, axisStride = indexing.axisStride
        try indexing.forEachRow { row, offset throws(OperatorError) in
            for column in 0..<length {
                let index = try indices.resolved(row * length + column)
                output[row * length + column] = data[offset + column * columnStride + index * axisStride]
            }
        }
    }
}
