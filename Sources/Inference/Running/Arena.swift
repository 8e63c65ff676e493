import Tensors

/// The memory in which one session computes; aligned, not initialised, freed with the value.
struct Arena: ~Copyable {
    private let storage: TensorStorage

    init(byteCount: Int) { storage = TensorStorage(byteCount: byteCount) }

    func address(at offset: Int) -> UnsafeMutableRawPointer { unsafe storage.baseAddress + offset }
}
