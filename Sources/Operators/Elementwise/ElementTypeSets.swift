import Tensors

/// Sets of element types that ONNX operators name in their type constraints.
enum ElementTypes {
    static let floatingPoint: Set<ElementType> = [.float16, .bfloat16, .float32, .float64]
    static let signedIntegers: Set<ElementType> = [.int8, .int16, .int32, .int64]
    static let unsignedIntegers: Set<ElementType> = [.uint8, .uint16, .uint32, .uint64]
    static let integers = signedIntegers.union(unsignedIntegers)
    static let numbers = integers.union(floatingPoint)
    static let complex: Set<ElementType> = [.complex64, .complex128]
    /// Everything whose elements lie in a tensor's bytes.
    static let dense = numbers.union([.bool])
}

extension ElementType {
    /// Whether operators compute it by way of float32.
    var isHalfPrecision: Bool { self == .float16 || self == .bfloat16 }
}
