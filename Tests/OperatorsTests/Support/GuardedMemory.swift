import Tensors

/// Memory with a fence on both sides that shows whether something wrote beyond it.
final class GuardedMemory {
    private static let fence = 128
    private static let mark: UInt8 = 0xA5

    private let base: UnsafeMutableRawPointer
    private let offset: Int
    let byteCount: Int

    var address: UnsafeMutableRawPointer { base + offset }

    /// Memory full of marks.
    ///
    /// - Parameter misalignment: bytes past a 64-byte boundary.
    init(byteCount: Int, misalignment: Int) {
        self.byteCount = byteCount
        offset = Self.fence + misalignment
        base = .allocate(byteCount: offset + byteCount + Self.fence, alignment: 64)
        UnsafeMutableRawBufferPointer(start: base, count: offset + byteCount + Self.fence)
            .initializeMemory(as: UInt8.self, repeating: Self.mark)
    }

    /// A copy of a tensor, aligned to its element type only; for nil, empty memory.
    convenience init(_ tensor: Tensor?) {
        self.init(byteCount: tensor?.spec.byteCount ?? 0, misalignment: tensor?.elementType.byteCount ?? 0)
        let target = UnsafeMutableRawBufferPointer(start: address, count: byteCount)
        tensor?.withBytes { target.copyMemory(from: $0) }
    }

    deinit { base.deallocate() }

    var isIntact: Bool {
        let before = UnsafeRawBufferPointer(start: base, count: offset)
        let after = UnsafeRawBufferPointer(start: address + byteCount, count: Self.fence)
        return before.allSatisfy { $0 == Self.mark } && after.allSatisfy { $0 == Self.mark }
    }

    func holdsBytes(of tensor: Tensor) -> Bool {
        tensor.withBytes { $0.elementsEqual(UnsafeRawBufferPointer(start: address, count: byteCount)) }
    }

    func tensor(_ spec: TensorSpec) throws -> Tensor {
        try Tensor(spec) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: spec.byteCount)) }
    }
}
