package import GraphIR
package import Tensors

/// The outputs of a run where they lie, in the order of the graph's; valid only while they are lent.
package struct RunOutputs {
    @safe private enum Source {
        case plan(Plan, base: UnsafeMutableRawPointer, inputs: UnsafeBufferPointer<UnsafeRawPointer>)
        case values([ValueView])
    }

    private let source: Source

    @unsafe init(_ plan: Plan, base: UnsafeMutableRawPointer, inputs: UnsafeBufferPointer<UnsafeRawPointer>) {
        source = unsafe .plan(plan, base: base, inputs: inputs)
    }

    /// Outputs that somebody else has made.
    package init(_ values: [ValueView]) { source = .values(values) }

    package var count: Int {
        switch source {
        case .plan(let plan, _, _): plan.outputs.count
        case .values(let values): values.count
        }
    }

    package subscript(index: Int) -> ValueView {
        switch source {
        case .plan(let plan, let base, let inputs): unsafe .dense(plan.outputs[index].view(base: base, inputs: inputs))
        case .values(let values): values[index]
        }
    }

    /// Output `index` when it is a dense tensor.
    package func dense(_ index: Int) -> TensorView? {
        if case .dense(let view) = self[index] { view } else { nil }
    }
}

extension Plan.Output {
    @inline(__always)
    @unsafe func view(base: UnsafeMutableRawPointer, inputs: UnsafeBufferPointer<UnsafeRawPointer>) -> TensorView {
        unsafe TensorView(spec, UnsafeRawPointer(operand.address(base: base, inputs: inputs)))
    }
}
