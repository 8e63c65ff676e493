import HTTPCore
import Tensors

/// A tensor as protobuf's JSON form of TensorFlow's `TensorProto`, every field written, as TensorFlow Serving's metadata has it.
///
/// Source: TensorFlow core/framework/tensor.proto; protobuf.dev/programming-guides/json: 64-bit integers and non-finite numbers are
/// strings, bytes are base64.
enum TensorProtoJSON {
    private static let valueFields = [
        "half_val", "float_val", "double_val", "int_val", "string_val", "scomplex_val", "int64_val", "bool_val", "dcomplex_val",
        "resource_handle_val", "variant_val", "uint32_val", "uint64_val",
    ]

    static func append(_ value: TensorValue, to buffer: inout ByteBuffer) {
        let spec = value.spec
        buffer.append("{\"dtype\":\"\(spec.elementType.dataTypeName)\",\"tensor_shape\":{\"dim\":")
        buffer.appendJSON(list: spec.shape.extents) { extent, buffer in
            buffer.append("{\"size\":\"\(extent)\",\"name\":\"\"}")
        }
        buffer.append(",\"unknown_rank\":false},\"version_number\":0,\"tensor_content\":\"\"")
        let (field, values) = values(of: value)
        for name in valueFields {
            buffer.append(",\"\(name)\":[")
            if name == field { buffer.append(values.joined(separator: ",")) }
            buffer.append("]")
        }
        buffer.append("}")
    }

    /// The field that holds elements of the value's type, and the elements as JSON.
    private static func values(of value: TensorValue) -> (field: String, values: [String]) {
        switch value {
        case .strings(let tensor): ("string_val", tensor.elements.map { "\"\(base64($0))\"" })
        case .dense(let tensor): values(of: tensor)
        }
    }

    private static func values(of tensor: Tensor) -> (field: String, values: [String]) {
        switch tensor.elementType {
        case .float32: ("float_val", tensor.values(Float.self).map { number(Double($0), "\($0)") })
        case .float64: ("double_val", tensor.values(Double.self).map { number($0, "\($0)") })
        case .float16, .bfloat16: ("half_val", bits(tensor).map { "\($0)" })
        case .int8: ("int_val", tensor.values(Int8.self).map { "\($0)" })
        case .int16: ("int_val", tensor.values(Int16.self).map { "\($0)" })
        case .int32: ("int_val", tensor.values(Int32.self).map { "\($0)" })
        case .uint8: ("int_val", tensor.values(UInt8.self).map { "\($0)" })
        case .uint16: ("int_val", tensor.values(UInt16.self).map { "\($0)" })
        case .int64: ("int64_val", tensor.values(Int64.self).map { "\"\($0)\"" })
        case .uint32: ("uint32_val", tensor.values(UInt32.self).map { "\($0)" })
        case .uint64: ("uint64_val", tensor.values(UInt64.self).map { "\"\($0)\"" })
        case .bool: ("bool_val", tensor.values(Bool.self).map { "\($0)" })
        default: ("", [])
        }
    }

    private static func bits(_ tensor: Tensor) -> [UInt16] {
        unsafe tensor.withBytes { unsafe Array($0.bindMemory(to: UInt16.self)) }
    }

    private static func number(_ value: Double, _ text: String) -> String {
        if value.isNaN { return "\"NaN\"" }
        return value.isInfinite ? (value < 0 ? "\"-Infinity\"" : "\"Infinity\"") : text
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        Base64.encode(bytes) { text.append($0) }
        return String(decoding: text, as: UTF8.self)
    }
}
