import Tensors

extension ElementType {
    /// What TensorFlow's messages call the type; those that it does not have as Python's `ml_dtypes` does.
    var tensorFlowName: String {
        switch self {
        case .float32: "float"
        case .float64: "double"
        case .float16: "half"
        case .bfloat16: "bfloat16"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .uint8: "uint8"
        case .uint16: "uint16"
        case .uint32: "uint32"
        case .uint64: "uint64"
        case .complex64: "complex64"
        case .complex128: "complex128"
        case .bool: "bool"
        case .string: "string"
        case .float8e4m3fn: "float8_e4m3fn"
        case .float8e4m3fnuz: "float8_e4m3fnuz"
        case .float8e5m2: "float8_e5m2"
        case .float8e5m2fnuz: "float8_e5m2fnuz"
        case .float8e8m0: "float8_e8m0fnu"
        case .float4e2m1: "float4_e2m1fn"
        case .int4: "int4"
        case .uint4: "uint4"
        case .int2: "int2"
        case .uint2: "uint2"
        }
    }

    /// The type in metadata: `DT_FLOAT`.
    var dataTypeName: String { "DT_" + tensorFlowName.uppercased() }
}
