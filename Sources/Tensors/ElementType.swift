/// What one element of a tensor is.
///
/// The names are the ones used in messages and in `apus inspect`; ONNX and TensorFlow numbers are mapped by
/// their importers.
package enum ElementType: UInt8, Sendable, Hashable, CaseIterable {
    case float32, float64, float16, bfloat16
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case complex64, complex128
    case bool
    case string
    /// Types of 8 bits and fewer without arithmetic of their own; see `NarrowType`.
    case float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz, float8e8m0, float4e2m1
    case int4, uint4, int2, uint2

    /// Whether elements are values of one size that lie side by side in memory; strings are not.
    package var isDense: Bool { self != .string }

    /// Bytes that one element occupies; a string occupies none in a tensor's byte buffer.
    package var byteCount: Int {
        switch self {
        case .string: 0
        case .bool, .int8, .uint8, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 1
        case .float4e2m1, .int4, .uint4, .int2, .uint2: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64, .complex64: 8
        case .complex128: 16
        }
    }

    /// Bits of one element, as files pack them; 0 for a string.
    package var bitWidth: Int {
        switch self {
        case .float4e2m1, .int4, .uint4: 4
        case .int2, .uint2: 2
        default: byteCount * 8
        }
    }

    package var name: String { String(describing: self) }

    package var isFloatingPoint: Bool {
        switch self {
        case .float32, .float64, .float16, .bfloat16: true
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: true
        default: false
        }
    }

    package var isInteger: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64, .int4, .uint4, .int2, .uint2: true
        default: false
        }
    }

    package var isComplex: Bool { self == .complex64 || self == .complex128 }

    package var isSigned: Bool {
        switch self {
        case .int8, .int16, .int32, .int64, .int4, .int2: true
        case .float8e8m0: false
        default: isFloatingPoint
        }
    }
}

/// A Swift type whose values can be read from and written to a tensor's bytes as they are.
package protocol TensorScalar: BitwiseCopyable, Sendable, Equatable {
    static var elementType: ElementType { get }
}

extension Float: TensorScalar { package static var elementType: ElementType { .float32 } }
extension Double: TensorScalar { package static var elementType: ElementType { .float64 } }
extension Int8: TensorScalar { package static var elementType: ElementType { .int8 } }
extension Int16: TensorScalar { package static var elementType: ElementType { .int16 } }
extension Int32: TensorScalar { package static var elementType: ElementType { .int32 } }
extension Int64: TensorScalar { package static var elementType: ElementType { .int64 } }
extension UInt8: TensorScalar { package static var elementType: ElementType { .uint8 } }
extension UInt16: TensorScalar { package static var elementType: ElementType { .uint16 } }
extension UInt32: TensorScalar { package static var elementType: ElementType { .uint32 } }
extension UInt64: TensorScalar { package static var elementType: ElementType { .uint64 } }
extension Bool: TensorScalar { package static var elementType: ElementType { .bool } }
