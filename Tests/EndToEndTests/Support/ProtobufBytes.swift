/// Writes the protobuf wire format: what a test needs of it, apart from the program's own reader.
struct ProtobufBytes {
    private(set) var bytes: [UInt8] = []

    /// A varint field of a number of at least 0.
    mutating func integer(_ field: Int, _ value: Int) {
        varint(field << 3)
        varint(value)
    }

    mutating func text(_ field: Int, _ text: String) { delimited(field, Array(text.utf8)) }

    mutating func message(_ field: Int, _ body: (inout ProtobufBytes) -> Void) {
        var message = ProtobufBytes()
        body(&message)
        delimited(field, message.bytes)
    }

    mutating func delimited(_ field: Int, _ content: [UInt8]) {
        varint(field << 3 | 2)
        varint(content.count)
        bytes += content
    }

    private mutating func varint(_ value: Int) {
        var rest = UInt(value)
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
