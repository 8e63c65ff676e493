import GraphIR
import Tensors

/// Weights in a kernel's own format.
enum PackedWeights {
    /// A tensor of `count` floats that `pack` writes from the floats of `weights`.
    static func tensor(
        _ context: CompileContext, count: Int, _ weights: Tensor,
        pack: (UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void
    ) throws(OperatorError) -> Tensor {
        try context.preparedTensor(TensorSpec(.float32, [count])) { bytes in
            guard let packed = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
            pack(packed, floats(weights))
        }
    }

    /// The floats of a tensor that its holder keeps alive while they are used.
    static func floats(_ tensor: Tensor) -> UnsafePointer<Float> {
        UnsafePointer(UnsafeRawPointer(tensor.storage.baseAddress).assumingMemoryBound(to: Float.self))
    }
}
