import ProtobufWire
import Testing

/// A message of every kind of field that models use.
private struct Sample: WireMessage, Equatable {
    var number: Int32 = 0
    var name = ""
    var child: [Sample] = []
    var list: [Sample] = []
    var integers: [Int64] = []
    var floats: [Float] = []
    var doubles: [Double] = []
    var unsigned: [UInt64] = []
    var small: [Int32] = []

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: number = try reader.int32(field)
        case 2: name = try reader.string(field)
        case 3:
            var merged = child.popLast()
            try reader.merge(field, "child", into: &merged)
            child = merged.map { [$0] } ?? []
        case 4: try reader.append(field, "list", to: &list)
        case 5: try reader.append(field, to: &integers)
        case 6: try reader.append(field, to: &floats)
        case 7: try reader.append(field, to: &doubles)
        case 8: try reader.append(field, to: &unsigned)
        case 9: try reader.append(field, to: &small)
        default: try reader.skip(field)
        }
    }

    static func decode(_ bytes: [UInt8]) throws(WireError) -> Sample {
        var result: Result<Sample, WireError> = .success(Sample())
        bytes.withUnsafeBytes { buffer in
            do throws(WireError) {
                var reader = WireReader(buffer)
                result = .success(try Sample(from: &reader))
            } catch { result = .failure(error) }
        }
        return try result.get()
    }
}

@Suite("WireMessage")
struct WireMessageTests {
    @Test("reads back what the writer wrote")
    func roundTrip() throws {
        var writer = WireWriter()
        writer.integer(1, -7)
        writer.string(2, "näme")
        writer.message(3) { $0.integer(1, 1) }
        writer.message(4) { $0.integer(1, 2) }
        writer.message(4) { $0.integer(1, 3) }
        writer.packed(5, [0, -1, Int64.max, Int64.min])
        let sample = try Sample.decode(writer.bytes)
        #expect(sample.number == -7)
        #expect(sample.name == "näme")
        #expect(sample.child.map(\.number) == [1])
        #expect(sample.list.map(\.number) == [2, 3])
        #expect(sample.integers == [0, -1, Int64.max, Int64.min])
    }

    @Test("reads repeated scalars packed, unpacked and mixed")
    func packing() throws {
        var writer = WireWriter()
        writer.integer(5, 1)
        writer.packed(5, [2, 3])
        writer.integer(5, 4)
        writer.float(6, 1.5)
        writer.delimited(6, [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40])
        writer.double(7, 2.5)
        writer.delimited(7, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
        writer.varint(8, .max)
        writer.packed(9, [-1, 70_000])
        let sample = try Sample.decode(writer.bytes)
        #expect(sample.integers == [1, 2, 3, 4])
        #expect(sample.floats == [1.5, 1, 2])
        #expect(sample.doubles == [2.5, 1])
        #expect(sample.unsigned == [.max])
        #expect(sample.small == [-1, 70_000])
    }

    @Test("merges a message that comes twice, replaces a scalar, skips the unknown")
    func merging() throws {
        var writer = WireWriter()
        writer.message(3) {
            $0.integer(1, 1)
            $0.packed(5, [1])
        }
        writer.string(99, "unknown")
        writer.message(3) {
            $0.integer(1, 2)
            $0.packed(5, [2])
        }
        let child = try #require(try Sample.decode(writer.bytes).child.first)
        #expect(child.number == 2)
        #expect(child.integers == [1, 2])
    }

    @Test("an error names the messages around it and the byte in the whole buffer")
    func errorPath() throws {
        var writer = WireWriter()
        writer.message(4) { $0.integer(1, 1) }
        writer.message(4) { list in
            list.message(3) { $0.string(1, "not a number") }
        }
        let error = try #require(throws: WireError.self) { try Sample.decode(writer.bytes) }
        #expect(error.path == ["list[1]", "child"])
        #expect(error.reason == .unexpectedType(field: 1, found: .lengthDelimited, expected: .varint))
        #expect(error.offset == 8)
        #expect(error.description == "byte 8 in list[1].child: field 1 is length-delimited, expected varint")
    }

    @Test("refuses a packed list of floats that ends inside an element")
    func unevenPacked() throws {
        var writer = WireWriter()
        writer.delimited(6, [0, 0, 0, 0, 1])
        #expect(throws: WireError(.unevenPackedLength(byteCount: 5, elementByteCount: 4), offset: 2)) {
            try Sample.decode(writer.bytes)
        }
    }

    @Test("a packed list of varints cannot read past its own end")
    func packedBorder() {
        var writer = WireWriter()
        writer.delimited(5, [0x80])
        writer.integer(1, 1)
        #expect(throws: WireError.self) { try Sample.decode(writer.bytes) }
    }

    @Test("flipping any byte gives a message or an error")
    func flippedBytes() {
        var writer = WireWriter()
        writer.string(2, "sample")
        writer.message(3) { $0.packed(5, [1, 300, -1]) }
        writer.delimited(6, [0, 0, 0x80, 0x3F])
        writer.integer(1, 77)
        var refused = 0
        for index in writer.bytes.indices {
            for bit in 0..<8 {
                var bytes = writer.bytes
                bytes[index] ^= 1 << bit
                if (try? Sample.decode(bytes)) == nil { refused += 1 }
            }
        }
        #expect(refused > 0)
    }
}
