import GraphIR
import Tensors

/// Reverses the beginning of each sequence of a batch; what lies behind its length stays.
///
/// - Shapes: data with a batch and a time axis, lengths [batch] → the data's shape.
/// - Source: ONNX operator ReverseSequence, where both axes are among the first two; TensorFlow's ReverseSequence.
struct ReverseSequence: ElementMover {
    var batchAxis = 1
    var timeAxis = 0

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0), lengths = try inputs.indices(1)
        if let shape = data.shape {
            guard shape.rank > max(batchAxis, timeAxis), min(batchAxis, timeAxis) >= 0, batchAxis != timeAxis else {
                throw .invalidInput(
                    index: 0, reason: "has rank \(shape.rank), which has no batch axis \(batchAxis) beside a time axis \(timeAxis)")
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
        let data = try context.input(0), shape = data.shape
        if context.makesNothing { return .nothing }
        let outer = min(batchAxis, timeAxis), inner = max(batchAxis, timeAxis)
        return CompiledOperator(
            ReverseSequenceKernel(
                outerCount: shape.elementCount(in: 0..<outer), outerExtent: shape[outer],
                middleCount: shape.elementCount(in: outer + 1..<inner), innerExtent: shape[inner],
                runByteCount: shape.elementCount(in: inner + 1..<shape.rank) * data.elementType.byteCount,
                batchIsOuter: batchAxis < timeAxis, lengths: try context.input(1)))
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
        },
        .tensorFlow("ReverseSequence") { reader throws(OperatorError) in
            guard let timeAxis = try reader.integer("seq_dim") else {
                throw .invalidAttribute(name: "seq_dim", reason: "is missing")
            }
            return ReverseSequence(batchAxis: try reader.integer("batch_dim", default: 0), timeAxis: timeAxis)
        },
    ]
}

/// Data as [outer, one of both axes, middle, the other one, run].
private struct ReverseSequenceKernel: Kernel {
    let outerCount: Int
    let outerExtent: Int
    let middleCount: Int
    let innerExtent: Int
    let runByteCount: Int
    let batchIsOuter: Bool
    let lengths: TensorSpec

    func run(_ context: KernelContext) throws(OperatorError) {
        let lengths = IntegerMemory(context.input(1), lengths), run = runByteCount
        let source = context.input(0), target = context.output(0)
        let batchCount = batchIsOuter ? outerExtent : innerExtent, timeCount = batchIsOuter ? innerExtent : outerExtent
        for batch in 0..<batchCount {
            let length = lengths[batch]
            guard (0...timeCount).contains(length) else {
                throw .invalidValue("length \(length) of sequence \(batch) is outside 0...\(timeCount)")
            }
            for outer in 0..<outerCount {
                for time in 0..<timeCount {
                    let from = time < length ? length - 1 - time : time
                    for middle in 0..<middleCount {
                        (target + place(outer, batch, middle, time) * run).copyMemory(
                            from: source + place(outer, batch, middle, from) * run, byteCount: run)
                    }
                }
            }
        }
    }

    @inline(__always)
    private func place(_ outer: Int, _ batch: Int, _ middle: Int, _ time: Int) -> Int {
        let (first, last) = batchIsOuter ? (batch, time) : (time, batch)
        return ((outer * outerExtent + first) * middleCount + middle) * innerExtent + last
    }
}
