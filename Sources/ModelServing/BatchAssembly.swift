import GraphIR
import Inference
import ServableCore
import Tensors

/// Puts the rows of several requests together for one run and takes the outputs apart again.
struct BatchAssembly {
    let tasks: [PredictTask]
    /// Rows of all tasks.
    let rowCount: Int
    /// Rows that run: `rowCount` or more, the rest filled with copies.
    let paddedRowCount: Int

    init(_ tasks: [PredictTask], paddedRowCount: (Int) -> Int) {
        self.tasks = tasks
        rowCount = tasks.reduce(0) { $0 + $1.rowCount }
        self.paddedRowCount = max(rowCount, paddedRowCount(rowCount))
    }

    /// Input types of the run.
    var specs: [TensorSpec] {
        tasks[0].inputs.map { TensorSpec($0.elementType, $0.shape.replacing(axis: 0, with: paddedRowCount)) }
    }

    /// Copies every task's rows into the session's memory. Rows of padding repeat the first row of the last task, which are
    /// contents that the model is known to take.
    func fill(_ session: InferenceSession) {
        for index in tasks[0].inputs.indices {
            let target = session.stage(input: index)
            var offset = 0
            for task in tasks {
                task.inputs[index].withBytes { bytes in
                    UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + bytes.count]).copyMemory(from: bytes)
                    offset += bytes.count
                }
            }
            let last = tasks[tasks.count - 1]
            guard paddedRowCount > rowCount, last.rowCount > 0 else { continue }
            let rowByteCount = last.inputs[index].spec.byteCount / last.rowCount
            guard rowByteCount > 0 else { continue }
            last.inputs[index].withBytes { bytes in
                let row = UnsafeRawBufferPointer(rebasing: bytes[..<rowByteCount])
                while offset < target.count {
                    UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + rowByteCount]).copyMemory(from: row)
                    offset += rowByteCount
                }
            }
        }
    }

    /// Each task's rows of every output.
    ///
    /// - Throws: `failedPrecondition` when an output does not have one row for each row that ran.
    func split(_ outputs: [TensorView], names: (Int) -> String) throws(ServableError) -> [[Tensor]] {
        for (index, output) in outputs.enumerated() where output.shape.rank == 0 || output.shape[0] != paddedRowCount {
            throw ServableError(
                .failedPrecondition,
                "output \"\(names(index))\" has shape \(output.shape) for a batch of \(paddedRowCount) rows; serve the model with batching off"
            )
        }
        var firstRow = 0
        return tasks.map { task in
            defer { firstRow += task.rowCount }
            return outputs.map { Self.rows(firstRow..<firstRow + task.rowCount, of: $0) }
        }
    }

    private static func rows(_ rows: Range<Int>, of output: TensorView) -> Tensor {
        let spec = TensorSpec(output.elementType, output.shape.replacing(axis: 0, with: rows.count))
        let rowByteCount = output.spec.byteCount / max(output.shape[0], 1)
        let start = output.baseAddress + rows.lowerBound * rowByteCount
        return Tensor(copying: TensorView(spec, start))
    }
}
