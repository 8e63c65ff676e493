import Inference
import ServableCore
import Tensors

/// Puts the rows of several calls together for one run and takes the outputs apart again.
struct BatchAssembly {
    private let tasks: [(call: PendingCall, inputs: [Tensor])]
    /// Rows that run: those of all calls or more, the rest filled with copies.
    let paddedRowCount: Int

    /// - Precondition: the calls have dense inputs of one group.
    init(_ calls: [PendingCall], paddedRowCount: (Int) -> Int) {
        tasks = calls.map { ($0, $0.inputs.tensors ?? []) }
        let rowCount = calls.reduce(0) { $0 + $1.rowCount }
        self.paddedRowCount = max(rowCount, paddedRowCount(rowCount))
    }

    /// Input types of the run.
    var specs: [TensorSpec] {
        tasks[0].inputs.map { TensorSpec($0.elementType, $0.shape.replacing(axis: 0, with: paddedRowCount)) }
    }

    /// Copies every call's rows of input `index` to `target`. Rows of padding repeat the first row of the last call, which are
    /// contents that the model is known to take.
    func fill(_ target: UnsafeMutableRawPointer, input index: Int, byteCount: Int) {
        var offset = 0
        for task in tasks {
            task.inputs[index].withBytes { bytes in
                guard let source = bytes.baseAddress else { return }
                (target + offset).copyMemory(from: source, byteCount: bytes.count)
                offset += bytes.count
            }
        }
        guard offset < byteCount, let last = tasks.last, last.call.rowCount > 0 else { return }
        let rowByteCount = last.inputs[index].spec.byteCount / last.call.rowCount
        last.inputs[index].withBytes { bytes in
            guard rowByteCount > 0, let row = bytes.baseAddress else { return }
            while offset < byteCount {
                (target + offset).copyMemory(from: row, byteCount: rowByteCount)
                offset += rowByteCount
            }
        }
    }

    /// The output that does not have one row for each row that ran; nil when every one has.
    func unsplittable(_ outputs: RunOutputs) -> (index: Int, shape: Shape?)? {
        for index in 0..<outputs.count {
            guard let view = outputs.dense(index), view.shape.extents.first == paddedRowCount else {
                return (index, outputs.dense(index)?.shape)
            }
        }
        return nil
    }

    /// Gives each call its rows of every output.
    ///
    /// - Parameter times: of the batch.
    func answer(_ outputs: RunOutputs, _ times: CallTimes) {
        var firstRow = 0
        for (call, _) in tasks {
            var times = times
            times.submitted = call.submitted
            call.succeed(CallOutputs(outputs, rows: firstRow..<firstRow + call.rowCount, of: paddedRowCount, times: times))
            firstRow += call.rowCount
        }
    }
}
