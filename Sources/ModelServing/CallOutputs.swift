package import GraphIR
import Inference
package import Tensors

/// The outputs of one call where they lie, in the order of the signature's; valid only while they are lent.
package struct CallOutputs {
    private let outputs: RunOutputs
    /// Which rows of a batch belong to the call, and how many there are; nil when all outputs are the call's, whole.
    private let share: (rows: Range<Int>, rowCount: Int)?
    /// Of the call; nil for outputs of no run.
    package let times: CallTimes?

    init(_ outputs: RunOutputs, times: CallTimes? = nil) { (self.outputs, share, self.times) = (outputs, nil, times) }

    /// The rows `rows` of the outputs of a batch of `rowCount` rows.
    init(_ outputs: RunOutputs, rows: Range<Int>, of rowCount: Int, times: CallTimes) {
        self.outputs = outputs
        share = (rows, rowCount)
        self.times = times
    }

    package init(_ values: [RuntimeValue]) { self.init(RunOutputs(values.map(ValueView.init))) }

    package var count: Int { outputs.count }

    package subscript(index: Int) -> ValueView {
        let output = outputs[index]
        guard let share, case .dense(let view) = output else { return output }
        let rowByteCount = view.spec.byteCount / max(share.rowCount, 1)
        let spec = TensorSpec(view.elementType, view.shape.replacing(axis: 0, with: share.rows.count))
        return .dense(TensorView(spec, view.baseAddress + share.rows.lowerBound * rowByteCount))
    }

    /// Copies that outlive the lending.
    package func copies() throws(MemoryRefusal) -> [RuntimeValue] {
        var copies: [RuntimeValue] = []
        for index in 0..<count { copies.append(try self[index].owned(allowance: nil)) }
        return copies
    }
}
