import GraphIR
import Tensors

/// An input of a scan that is walked along one of its axes.
struct WalkedSequence {
    let view: TensorView
    let axis: Int
    let isReversed: Bool

    var length: Int { view.shape[axis] }

    /// The type of an element.
    var elementSpec: TensorSpec {
        var extents = view.shape.extents
        extents.remove(at: axis)
        return TensorSpec(view.elementType, Shape(extents))
    }

    /// Where the element of step `step`, of `byteCount` bytes, lies in a sequence that is walked along its first axis.
    func address(_ step: Int, byteCount: Int) -> UnsafeRawPointer { view.baseAddress + position(step) * byteCount }

    /// The element of step `step`.
    func element(_ step: Int, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        try context.makeTensor(elementSpec) { bytes in
            if let target = bytes.baseAddress { copyElement(step, to: target) }
        }
    }

    func copyElement(_ step: Int, to target: UnsafeMutableRawPointer) {
        var extents = view.shape.extents, strides = view.shape.strides
        extents.remove(at: axis)
        let stride = strides.remove(at: axis)
        let copy = StridedCopy(
            extents: extents, sourceStrides: strides, destinationStrides: Shape(extents).strides,
            elementByteCount: view.elementType.byteCount, sourceOffset: position(step) * stride)
        copy.run(from: view.baseAddress, to: target)
    }

    private func position(_ step: Int) -> Int { isReversed ? length - 1 - step : step }
}
