import Tensors

extension ElementType {
    /// What TensorFlow's messages call the type.
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
        }
    }

    /// The type in metadata: `DT_FLOAT`.
    var dataTypeName: String { "DT_" + tensorFlowName.uppercased() }
}
