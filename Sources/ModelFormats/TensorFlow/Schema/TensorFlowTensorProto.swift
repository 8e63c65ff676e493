import ProtobufWire
import Tensors

/// TensorFlow's messages, as far as serving reads them. Field numbers are those of TensorFlow's `.proto` files.
enum TensorFlow {
    /// `TensorProto`
    struct Tensor: WireMessage {
        var dataType: Int32 = 0
        var shape: Shape?
        /// Where `tensor_content` lies in the file.
        var content: Range<Int>?
        /// Where the messages' typed data fields lie: read when the tensor is made.
        var typedFields: [TypedField] = []
        /// Where the elements of `string_val` lie in the file.
        var strings: [Range<Int>] = []

        /// One occurrence of `float_val` … `uint64_val`: the head and where its value begins and ends.
        struct TypedField {
            let field: WireField
            let range: Range<Int>
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: dataType = try reader.int32(field)
            case 2: try reader.merge(field, "tensor_shape", into: &shape)
            case 4: content = try reader.range(field)
            case 5...7, 9...13, 16, 17:
                let start = reader.position
                try reader.skip(field)
                typedFields.append(TypedField(field: field, range: start..<reader.position))
            case 8: strings.append(try reader.range(field))
            default: try reader.skip(field)
            }
        }
    }

    /// `TensorShapeProto`
    struct Shape: WireMessage {
        /// −1 stands for an unknown extent.
        var extents: [Int64] = []
        var isUnknownRank = false

        private struct Dimension: WireMessage {
            var size: Int64 = 0

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 1 { size = try reader.int64(field) } else { try reader.skip(field) }
            }
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 2:
                var dimension: Dimension?
                try reader.merge(field, "dim", into: &dimension)
                extents.append(dimension?.size ?? 0)
            case 3: isUnknownRank = try reader.bool(field)
            default: try reader.skip(field)
            }
        }

        /// nil for a shape of unknown rank. Extents that are no counts are unknown.
        var symbolic: SymbolicShape? {
            guard !isUnknownRank else { return nil }
            let limit = Int64(Tensors.Shape.maximumElementCount)
            return SymbolicShape(extents.map { (0...limit).contains($0) ? .known(Int($0)) : .unknown })
        }
    }

    /// `DataType`
    enum DataType: Int32 {
        case invalid = 0, float, double, int32, uint8, int16, int8, string, complex64, int64, bool, qint8, quint8, qint32
        case bfloat16, qint16, quint16, uint16, complex128, half, resource, variant, uint32, uint64
        case float8e5m2, float8e4m3fn, float8e4m3fnuz, float8e4m3b11fnuz, float8e5m2fnuz, int4, uint4, int2, uint2, float4e2m1fn

        /// A type as a file states it: that of a reference counts as its own.
        init?(number: Int32) { self.init(rawValue: number > 100 ? number - 100 : number) }

        /// The name in TensorFlow's documents: `DT_FLOAT`.
        static func name(of number: Int32) -> String {
            DataType(number: number).map { "DT_" + String(describing: $0).uppercased() } ?? "data type \(number)"
        }

        /// The engine's element type, nil for those without. Quantized integers are integers whose range a node states beside them.
        var elementType: ElementType? {
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
