import Tensors

extension Tensor {
    /// A tensor in memory of its own, whose every byte `decode` writes unless it throws.
    static func decoded(
        _ spec: TensorSpec, _ decode: (UnsafeMutableRawBufferPointer) throws(TensorCodecError) -> Void
    ) throws(TensorCodecError) -> Tensor {
        var outcome: Result<Void, TensorCodecError> = .success(())
        let tensor: Tensor
        do throws(MemoryRefusal) {
            tensor = try unsafe Tensor(spec) { target in
                do throws(TensorCodecError) { try unsafe decode(target) } catch { outcome = .failure(error) }
            }
        } catch {
            throw .outOfMemory(byteCount: error.byteCount)
        }
        try outcome.get()
        return tensor
    }
}
