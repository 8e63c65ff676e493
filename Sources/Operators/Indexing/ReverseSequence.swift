import GraphIR
import Tensors

/// Reverses the beginning of each sequence of a batch; what lies behind its length stays.
///
/// - Shapes: data with a batch and a time axis among the first two, lengths int64 [batch] → the data's shape.
/// - Source: ONNX operator ReverseSequence.
struct ReverseSequence: Operator {
    var batchAxis = 1
    var timeAxis = 0

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), lengths = try inputs.required(1, of: [.int64])
        if let shape = data.shape {
            guard shape.rank >= 2 else {
                throw .invalidInput(index: 0, reason: "has rank \(shape.rank), expected 2 or more")
            }
            if let given = lengths.shape {
                guard given.rank == 1, Dimension.unified(given[0], shape[batchAxis]) != nil else {
                    throw .invalidInput(
                        index: 1, reason: "has shape \(given), expected [\(shape[batchAxis])], the batch of input 0")
                }
            }
        }
        return [ValueFact(data.type)]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard let along = inputs.axis(0), along != timeAxis else { return .mixed(RowReason.selected) }
        guard inputs.axis(1) == (along == batchAxis ? 0 : nil) else { return .mixed(RowReason.positional) }
        return .rows(axis: along, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0)
        return CompiledOperator(
            ReverseSequenceKernel(
                batchCount: data.shape[batchAxis], timeCount: data.shape[timeAxis], batchIsOuter: batchAxis == 0,
                runByteCount: data.shape.elementCount(in: 2..<data.shape.rank) * data.elementType.byteCount))
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("ReverseSequence", since: 10) { reader throws(OperatorError) in
            let batchAxis = try reader.integer("batch_axis", default: 1)
            let timeAxis = try reader.integer("time_axis", default: 0)
            guard [batchAxis, timeAxis].sorted() == [0, 1] else {
                throw .invalidAttribute(
                    name: "batch_axis and time_axis", reason: "are \(batchAxis) and \(timeAxis), expected 0 and 1 in either order"
                )
            }
            return ReverseSequence(batchAxis: batchAxis, timeAxis: timeAxis)
        }
    ]
}

private struct ReverseSequenceKernel: Kernel {
    let batchCount: Int
    let timeCount: Int
    let batchIsOuter: Bool
    let runByteCount: Int

    func run(_ context: KernelContext) throws(OperatorError) {
        let lengths = context.input(1, as: Int64.self), run = runByteCount
        let source = context.input(0), target = context.output(0)
        for batch in 0..<batchCount {
            let length = Int(lengths[batch])
            guard (0...timeCount).contains(length) else {
                throw .invalidValue("length \(length) of sequence \(batch) is outside 0...\(timeCount)")
            }
            for time in 0..<timeCount {
                let from = time < length ? length - 1 - time : time
                (target + place(batch, time) * run).copyMemory(from: source + place(batch, from) * run, byteCount: run)
            }
        }
    }

    @inline(__always)
    private func place(_ batch: Int, _ time: Int) -> Int {
        batchIsOuter ? batch * timeCount + time : time * batchCount + batch
    }
}
