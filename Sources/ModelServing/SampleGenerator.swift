package import Tensors

/// Made-up contents: floats in -1 ... 1, integers 0 and 1 (which any table of indices admits), either for bools.
package struct SampleGenerator {
    package init() {}

    private static let maximumElementCount = 1 << 26

    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    private mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    /// Nil for types without made-up contents (texts), and for more than 64 Mi elements.
    package mutating func tensor(_ spec: TensorSpec) -> Tensor? {
        let count = spec.shape.elementCount
        guard count <= Self.maximumElementCount else { return nil }
        switch spec.elementType {
        case .float32: return Tensor((0..<count).map { _ in Float(next()) / Float(1 << 30) - 1 }, shape: spec.shape)
        case .float64: return Tensor((0..<count).map { _ in Double(next()) / Double(1 << 30) - 1 }, shape: spec.shape)
        case .float16, .bfloat16: return bits(spec, HalfPrecision.bits(of: Float(0.5), as: spec.elementType))
        case .string: return nil
        default: return integers(spec)
        }
    }

    private func bits(_ spec: TensorSpec, _ pattern: UInt16) -> Tensor {
        Tensor(spec) { bytes in
            for offset in stride(from: 0, to: bytes.count, by: 2) { bytes.storeBytes(of: pattern, toByteOffset: offset, as: UInt16.self) }
        }
    }

    private mutating func integers(_ spec: TensorSpec) -> Tensor {
        Tensor(spec) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            for offset in stride(from: 0, to: bytes.count, by: spec.elementType.byteCount) { bytes[offset] = UInt8(next() & 1) }
        }
    }
}

extension HalfPrecision {
    fileprivate static func bits(of value: Float, as type: ElementType) -> UInt16 {
        type == .float16 ? binary16(from: value) : bfloat16(from: value)
    }
}
