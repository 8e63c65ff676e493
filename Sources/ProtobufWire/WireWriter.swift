/// Builds a protobuf message in memory, field by field.
///
/// Values equal to a field's default are written all the same: the caller omits what is not to be written.
package struct WireWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func varint(_ number: Int, _ value: UInt64) {
        head(number, .varint)
        raw(value)
    }

    /// Negative numbers take ten bytes, as `int32` and `int64` fields demand.
    package mutating func integer(_ number: Int, _ value: Int64) { varint(number, UInt64(bitPattern: value)) }

    package mutating func float(_ number: Int, _ value: Float) {
        head(number, .fixed32)
        unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func double(_ number: Int, _ value: Double) {
        head(number, .fixed64)
        unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func string(_ number: Int, _ value: String) { delimited(number, value.utf8) }

    package mutating func message(_ number: Int, _ value: WireWriter) { delimited(number, value.bytes) }

    /// A nested message that `body` writes.
    package mutating func message(_ number: Int, _ body: (inout WireWriter) -> Void) {
        var nested = WireWriter()
        body(&nested)
        message(number, nested)
    }

    package mutating func delimited(_ number: Int, _ value: some Collection<UInt8>) {
        delimitedHead(number, byteCount: value.count)
        bytes.append(contentsOf: value)
    }

    /// Repeated integers in one packed field; an empty list writes nothing.
    package mutating func packed(_ number: Int, _ values: some Collection<Int64>) {
        guard !values.isEmpty else { return }
        var elements = WireWriter()
        for value in values { elements.raw(UInt64(bitPattern: value)) }
        message(number, elements)
    }

    /// Repeated floats in one packed field; an empty list writes nothing.
    package mutating func packedFloats(_ number: Int, _ values: [Float]) {
        guard !values.isEmpty else { return }
        delimitedHead(number, byteCount: values.count * 4)
        for value in values { unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe bytes.append(contentsOf: $0) } }
    }

    /// The head and the length of a value whose bytes follow.
    package mutating func delimitedHead(_ number: Int, byteCount: Int) {
        head(number, .lengthDelimited)
        raw(UInt64(byteCount))
    }

    package mutating func head(_ number: Int, _ type: WireType) {
        precondition((1...0x1FFF_FFFF).contains(number), "\(number) is no field number")
        raw(UInt64(number) << 3 | UInt64(type.rawValue))
    }

    private mutating func raw(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
