import Inference
package import Tensors

/// The outputs of a run where they lie, in the order of the signature's; valid only while they are lent.
package struct LentOutputs {
    private let session: InferenceSession

    init(_ session: InferenceSession) { self.session = session }

    package subscript(index: Int) -> TensorView { session.output(index) }
}
