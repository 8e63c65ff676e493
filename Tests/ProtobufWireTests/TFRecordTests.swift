import ProtobufWire
import Testing

@Suite("TFRecord")
struct TFRecordTests {
    /// The data of all records of a file.
    private static func records(in file: [UInt8]) throws -> [[UInt8]] {
        var records: [[UInt8]] = [], offset = 0
        while offset < file.count {
            let record = try file.withUnsafeBytes { try TFRecord.record(at: offset, in: $0) }
            records.append(Array(file[record.data]))
            offset = record.end
        }
        return records
    }

    @Test("a record's frame has the checksums that TensorFlow's has")
    func frame() throws {
        // python: tf.io.TFRecordWriter(f).write(b"hello")
        let framed = TFRecord.framed(Array("hello".utf8))
        #expect(framed.count == 8 + 4 + 5 + 4 && Array(framed[..<8]) == [5, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(framed[8..<12]) == [0xEA, 0xB2, 0x04, 0x3E] && Array(framed[17...]) == [0xBB, 0x1F, 0x1C, 0x19])
        #expect(try Self.records(in: framed + framed) == [Array("hello".utf8), Array("hello".utf8)])
    }

    @Test("a record without data is one")
    func empty() throws {
        #expect(try Self.records(in: TFRecord.framed([]) + TFRecord.framed([1])) == [[], [1]])
    }

    struct Refused: CustomTestStringConvertible {
        let testDescription: String
        let file: [UInt8]
    }

    @Test(
        "damage is refused with what is wrong",
        arguments: [
            Refused(testDescription: "is cut off within its length", file: Array(TFRecord.framed([1, 2, 3])[..<11])),
            Refused(testDescription: "is cut off: it has 3 bytes, 6 are left", file: Array(TFRecord.framed([1, 2, 3])[..<18])),
            Refused(testDescription: "is cut off: it has 3 bytes, 0 are left", file: Array(TFRecord.framed([1, 2, 3])[..<12])),
            Refused(
                testDescription: "has a wrong checksum of its length",
                file: [UInt8](repeating: 0xFF, count: 8) + TFRecord.framed([1, 2, 3])[8...]),
            Refused(
                testDescription: "has a wrong checksum of its data",
                file: TFRecord.framed([1, 2, 3])[..<14] + [0] + TFRecord.framed([1, 2, 3])[15...]),
        ])
    func refuses(_ refused: Refused) {
        let damage = #expect(throws: TFRecord.Damage.self) { try Self.records(in: refused.file) }
        #expect(damage?.reason == refused.testDescription)
    }

    @Test("a length beyond all memory, with its right checksum, is cut off")
    func longest() {
        let length = [UInt8](repeating: 0xFF, count: 8)
        let checksum = length.withUnsafeBytes { MaskedChecksum.of($0) }
        let head = length + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) }
        let damage = #expect(throws: TFRecord.Damage.self) { try Self.records(in: head + [1, 2, 3, 4]) }
        #expect(damage?.reason == "is cut off: it has \(UInt64.max) bytes, 4 are left")
    }
}
