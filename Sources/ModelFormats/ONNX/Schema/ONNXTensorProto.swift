import ProtobufWire

extension ONNX {
    /// `TensorProto`
    struct Tensor: WireMessage {
        var name = ""
        var extents: [Int64] = []
        var dataType: Int32 = 0
        /// Where `raw_data` lies in the file.
        var raw: Range<Int>?
        /// Where the messages' typed data fields lie: read when the tensor is made, so that a file full of
        /// `float_data` is not held twice.
        var typedFields: [TypedField] = []
        /// Where the elements of `string_data` lie in the file.
        var strings: [Range<Int>] = []
        var isSegment = false
        var isExternal = false
        var externalEntries: [Property] = []

        /// One occurrence of `float_data` … `uint64_data`: the head and where its value begins and ends.
        struct TypedField {
            let field: WireField
            let range: Range<Int>
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, to: &extents)
            case 2: dataType = try reader.int32(field)
            case 3:
                isSegment = true
                try reader.skip(field)
            case 4, 5, 7, 10, 11:
                let start = reader.position
                try reader.skip(field)
                typedFields.append(TypedField(field: field, range: start..<reader.position))
            case 6: strings.append(try reader.range(field))
            case 8: name = try reader.string(field)
            case 9: raw = try reader.range(field)
            case 13: try reader.append(field, "external_data", to: &externalEntries)
            case 14: isExternal = try reader.int32(field) == 1
            default: try reader.skip(field)
            }
        }
    }

    /// `SparseTensorProto`
    struct SparseTensor: WireMessage {
        var values: Tensor?
        var indices: Tensor?
        var extents: [Int64] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "values", into: &values)
            case 2: try reader.merge(field, "indices", into: &indices)
            case 3: try reader.append(field, to: &extents)
            default: try reader.skip(field)
            }
        }
    }
}
