package import Tensors

/// The data types of the Open Inference Protocol, by their names (section "Tensor Data Types" of the specification; BF16 is Triton's).
package enum Datatype: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case int8 = "INT8"
    case int16 = "INT16"
    case int32 = "INT32"
    case int64 = "INT64"
    case uint8 = "UINT8"
    case uint16 = "UINT16"
    case uint32 = "UINT32"
    case uint64 = "UINT64"
    case fp16 = "FP16"
    case bf16 = "BF16"
    case fp32 = "FP32"
    case fp64 = "FP64"
    case bytes = "BYTES"

    /// - Returns: nil for a type that the protocol has not.
    package init?(_ type: ElementType) {
        switch type {
        case .bool: self = .bool
        case .int8: self = .int8
        case .int16: self = .int16
        case .int32: self = .int32
        case .int64: self = .int64
        case .uint8: self = .uint8
        case .uint16: self = .uint16
        case .uint32: self = .uint32
        case .uint64: self = .uint64
        case .float16: self = .fp16
        case .bfloat16: self = .bf16
        case .float32: self = .fp32
        case .float64: self = .fp64
        case .string: self = .bytes
        case .complex64, .complex128, .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1: return nil
        case .int4, .uint4, .int2, .uint2: return nil
        }
    }

    /// What metadata says of a type: the type itself or, for one that the protocol has not, the nearest that it has.
    package init(nearestTo type: ElementType) {
        if let exact = Datatype(type) {
            self = exact
            return
        }
        switch type {
        case .complex64: self = .fp32
        case .complex128: self = .fp64
        case .int4, .int2: self = .int8
        case .uint4, .uint2: self = .uint8
        default: self = .fp16
        }
    }

    package var name: String { rawValue }

    package var elementType: ElementType {
        switch self {
        case .bool: .bool
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .fp16: .float16
        case .bf16: .bfloat16
        case .fp32: .float32
        case .fp64: .float64
        case .bytes: .string
        }
    }
}
