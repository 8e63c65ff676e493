import GraphIR
import Tensors

/// Weights in a kernel's own format.
enum PackedWeights {
    /// A tensor of `count` floats that `pack` writes from the elements of `weights`, which may be of a 16-bit float type: they are
    /// float32 only until the call ends.
    static func tensor(
        _ context: CompileContext, count: Int, _ weights: Tensor,
        pack: (UnsafeMutablePointer<Float>, UnsafePointer<Float>) -> Void
    ) throws(OperatorError) -> Tensor {
        let wide = try HalfPrecisionBridge.widened(weights, context)
        return try context.preparedTensor(TensorSpec(.float32, [count])) { bytes in
            guard let packed = bytes.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
            withExtendedLifetime(wide) { pack(packed, floats(wide)) }
        }
    }

    /// The floats of a tensor that its holder keeps alive while they are used.
    static func floats(_ tensor: Tensor) -> UnsafePointer<Float> {
        UnsafePointer(UnsafeRawPointer(tensor.storage.baseAddress).assumingMemoryBound(to: Float.self))
    }
}
