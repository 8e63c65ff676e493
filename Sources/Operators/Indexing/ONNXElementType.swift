import Tensors

extension ElementType {
    /// The element type with this number in `TensorProto.DataType`; nil for those that no tensor here can have.
    init?(onnxNumber: Int) {
        switch onnxNumber {
        case 1: self = .float32
        case 2: self = .uint8
        case 3: self = .int8
        case 4: self = .uint16
        case 5: self = .int16
        case 6: self = .int32
        case 7: self = .int64
        case 8: self = .string
        case 9: self = .bool
        case 10: self = .float16
        case 11: self = .float64
        case 12: self = .uint32
        case 13: self = .uint64
        case 16: self = .bfloat16
        default: return nil
        }
    }
}
