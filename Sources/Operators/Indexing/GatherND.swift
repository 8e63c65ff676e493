import GraphIR
import Tensors

/// Slices of the data chosen by index tuples.
///
/// - Shapes: data [B…, d…, S…], indices [B…, I…, k] → [B…, I…, S…].
/// - Source: ONNX operator GatherND; batch_dims since opset 12. TensorFlow's GatherNd.
struct GatherND: ElementMover {
    var batchAxes = 0
    var range = IndexRange.fromEnd

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), indices = try inputs.indices(1)
        guard let shape = data.shape, let tuples = indices.shape,
            let slice = try TupleIndexing.slice(of: shape, indices: tuples, batchAxes: batchAxes)
        else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        return [ValueFact(data.elementType, SymbolicShape(Array(tuples.dimensions.dropLast() + slice)))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let indices = inputs.extents(1), let length = indices.last else { return .mixed(RowReason.selected) }
        switch (inputs.axis(0), inputs.axis(1)) {
        case (let data?, let tuples?) where data == tuples && data < batchAxes: return .rows(axis: data, of: inputs)
        case (let data?, nil) where data >= batchAxes + length:
            return .rows(axis: indices.count - 1 + data - batchAxes - length, of: inputs)
        case (nil, let tuples?) where tuples >= batchAxes && tuples < indices.count - 1: return .rows(axis: tuples, of: inputs)
        default: return .mixed(RowReason.selected)
        }
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        CompiledOperator(
            GatherNDKernel(
                indexing: TupleIndexing(
                    data: try context.input(0), indices: try context.input(1), batchAxes: batchAxes, range: range),
                byteCount: context.outputs[0].byteCount))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("GatherND", since: 11) { reader throws(OperatorError) in
            GatherND(batchAxes: try reader.integer("batch_dims", default: 0))
        },
        .tensorFlow("GatherNd") { reader throws(OperatorError) in GatherND(range: try IndexRange(reader)) },
    ]
}

private struct GatherNDKernel: Kernel {
    let indexing: TupleIndexing
    /// Of the output.
    let byteCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        if indexing.range == .ignored { context.output(0).initializeMemory(as: UInt8.self, repeating: 0, count: byteCount) }
        let data = context.input(0), output = context.output(0), byteCount = indexing.sliceByteCount
        try indexing.forEachTuple(context.input(1)) { tuple, offset in
            (output + tuple * byteCount).copyMemory(from: data + offset, byteCount: byteCount)
        }
    }
}
