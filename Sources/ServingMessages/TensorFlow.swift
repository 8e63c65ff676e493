package import Tensors

/// TensorFlow's messages, as far as serving reads them. Field numbers are those of TensorFlow's `.proto` files.
package enum TensorFlow {
    /// `DataType`
    package enum DataType: Int32, Sendable {
        case invalid = 0, float, double, int32, uint8, int16, int8, string, complex64, int64, bool, qint8, quint8, qint32
        case bfloat16, qint16, quint16, uint16, complex128, half, resource, variant, uint32, uint64
        case float8e5m2, float8e4m3fn, float8e4m3fnuz, float8e4m3b11fnuz, float8e5m2fnuz, int4, uint4, int2, uint2, float4e2m1fn

        /// A type as a file states it: that of a reference counts as its own.
        package init?(number: Int32) { self.init(rawValue: number > 100 ? number - 100 : number) }

        /// The name in TensorFlow's documents: `DT_FLOAT`.
        package static func name(of number: Int32) -> String {
            DataType(number: number).map { "DT_" + String(describing: $0).uppercased() } ?? "data type \(number)"
        }

        /// The engine's element type, nil for those without. Quantized integers are integers whose range a node states beside them.
        package var elementType: ElementType? {
            switch self {
            case .float: .float32
            case .double: .float64
            case .half: .float16
            case .bfloat16: .bfloat16
            case .int8, .qint8: .int8
            case .int16, .qint16: .int16
            case .int32, .qint32: .int32
            case .int64: .int64
            case .uint8, .quint8: .uint8
            case .uint16, .quint16: .uint16
            case .uint32: .uint32
            case .uint64: .uint64
            case .complex64: .complex64
            case .complex128: .complex128
            case .bool: .bool
            case .string: .string
            default: nil
            }
        }
    }
}

extension ElementType {
    /// The type in `tensorflow.DataType`; nil for those of 8 bits and fewer that are no integers of 8 bits.
    package var tensorFlowType: TensorFlow.DataType? {
        switch self {
        case .float32: .float
        case .float64: .double
        case .float16: .half
        case .bfloat16: .bfloat16
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .complex64: .complex64
        case .complex128: .complex128
        case .bool: .bool
        case .string: .string
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1, .int4, .uint4, .int2, .uint2: nil
        }
    }
}
