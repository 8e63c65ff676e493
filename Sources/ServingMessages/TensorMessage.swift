package import ProtobufWire
package import Tensors

extension TensorFlow {
    /// `TensorProto`
    package struct Tensor: WireMessage, Sendable {
        package var dataType: Int32 = 0
        package var shape: Shape?
        /// Where `tensor_content` lies in the bytes that were read.
        package var content: Range<Int>?
        /// Where the message's typed data fields lie: read when the tensor is made.
        package var typedFields: [TypedField] = []
        /// Where the elements of `string_val` lie.
        package var strings: [Range<Int>] = []

        package init() {}

        /// One occurrence of `float_val` … `uint64_val`: the head and where its value begins and ends.
        package struct TypedField: Sendable {
            package let field: WireField
            package let range: Range<Int>
        }

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
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
    package struct Shape: WireMessage, Sendable {
        /// −1 stands for an unknown extent.
        package var extents: [Int64] = []
        package var isUnknownRank = false

        package init() {}

        package init(extents: [Int64], isUnknownRank: Bool) {
            self.extents = extents
            self.isUnknownRank = isUnknownRank
        }

        private struct Dimension: WireMessage {
            var size: Int64 = 0

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 1 { size = try reader.int64(field) } else { try reader.skip(field) }
            }
        }

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
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
        package var symbolic: SymbolicShape? {
            guard !isUnknownRank else { return nil }
            let limit = Int64(Tensors.Shape.maximumElementCount)
            return SymbolicShape(extents.map { (0...limit).contains($0) ? .known(Int($0)) : .unknown })
        }
    }

    /// An entry of a `map<string, Value>`.
    package struct MapEntry<Value: WireMessage>: WireMessage {
        package var key = ""
        package var value: Value?

        package init() {}

        package init(key: String, value: Value?) {
            self.key = key
            self.value = value
        }

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: key = try reader.string(field)
            case 2: try reader.merge(field, "value", into: &value)
            default: try reader.skip(field)
            }
        }
    }
}

extension TensorFlow.MapEntry: Sendable where Value: Sendable {}
