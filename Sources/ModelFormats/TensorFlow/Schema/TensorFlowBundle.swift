import ProtobufWire
import ServingMessages

extension TensorFlow {
    /// `BundleHeaderProto`
    struct BundleHeader: WireMessage {
        var shardCount: Int32 = 0
        var endianness: Int32 = 0

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: shardCount = try reader.int32(field)
            case 2: endianness = try reader.int32(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `BundleEntryProto`
    struct BundleEntry: WireMessage {
        var dataType: Int32 = 0
        var shape: Shape?
        var shard: Int32 = 0
        var offset: Int64 = 0
        var byteCount: Int64 = 0
        var checksum: UInt32 = 0
        var slices: [Slice] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: dataType = try reader.int32(field)
            case 2: try reader.merge(field, "shape", into: &shape)
            case 3: shard = try reader.int32(field)
            case 4: offset = try reader.int64(field)
            case 5: byteCount = try reader.int64(field)
            case 6:
                guard field.type == .fixed32 else { return try reader.skip(field) }
                checksum = try reader.fixed32()
            case 7: try reader.append(field, "slices", to: &slices)
            default: try reader.skip(field)
            }
        }
    }

    /// `TensorSliceProto`
    struct Slice: WireMessage {
        var extents: [Extent] = []

        /// nil for the length: the whole dimension.
        struct Extent: WireMessage {
            var start: Int64 = 0
            var length: Int64?

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                switch field.number {
                case 1: start = try reader.int64(field)
                case 2: length = try reader.int64(field)
                default: try reader.skip(field)
                }
            }
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 1 { try reader.append(field, "extent", to: &extents) } else { try reader.skip(field) }
        }
    }
}
