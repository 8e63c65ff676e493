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

    /// Nil for types without made-up contents (strings), for more than 64 Mi elements, and when there is no memory for them.
    package mutating func tensor(_ spec: TensorSpec) -> Tensor? {
        let count = spec.shape.elementCount
        guard count <= Self.maximumElementCount else { return nil }
        do {
            switch spec.elementType {
            case .float32: return try filled(spec) { Float($0) }
            case .float64: return try filled(spec) { $0 }
            case .float16: return try filled(spec) { HalfPrecision.binary16(from: Float($0)) }
            case .bfloat16: return try filled(spec) { HalfPrecision.bfloat16(from: Float($0)) }
            case .string: return nil
            case let type where type.isFloatingPoint:
                guard let narrow = type.narrow else { return nil }
                // A power of two has no sign.
                return try filled(spec) { narrow.code(of: $0.magnitude) }
            default: return try integers(spec)
            }
        } catch {
            return nil  // There is no memory for samples, and nothing to say about the model.
        }
    }

    private mutating func filled<Element>(_ spec: TensorSpec, _ element: (Double) -> Element) throws(MemoryRefusal) -> Tensor {
        try Tensor(spec) { bytes in
            let elements = bytes.bindMemory(to: Element.self)
            for index in elements.indices { elements[index] = element(Double(next()) / Double(1 << 30) - 1) }
        }
    }

    private mutating func integers(_ spec: TensorSpec) throws(MemoryRefusal) -> Tensor {
        try Tensor(spec) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
            for offset in stride(from: 0, to: bytes.count, by: spec.elementType.byteCount) { bytes[offset] = UInt8(next() & 1) }
        }
    }
}
