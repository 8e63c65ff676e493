import Tensors

/// Sets of element types that ONNX operators name in their type constraints.
enum ElementTypes {
    static let floatingPoint: Set<ElementType> = [.float16, .bfloat16, .float32, .float64]
    static let signedIntegers: Set<ElementType> = [.int8, .int16, .int32, .int64]
    static let unsignedIntegers: Set<ElementType> = [.uint8, .uint16, .uint32, .uint64]
    static let integers = signedIntegers.union(unsignedIntegers)
    static let numbers = integers.union(floatingPoint)
    static let complex: Set<ElementType> = [.complex64, .complex128]
    /// Everything that kernels compute with, element by element.
    static let dense = numbers.union([.bool])
    /// Floats of 8 bits, which are converted and asked for NaN and infinity, but not computed with.
    static let eightBitFloats: Set<ElementType> = [.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz]
}

extension ElementType {
    /// Whether operators compute it by way of float32.
    var isHalfPrecision: Bool { self == .float16 || self == .bfloat16 }
}
