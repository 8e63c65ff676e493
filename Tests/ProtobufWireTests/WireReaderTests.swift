import ProtobufWire
import Testing

/// Everything a message holds, as one line per field: the reader's result in a form that tables can state.
private func dump(_ bytes: [UInt8], depth: Int = WireReader.defaultDepth) throws(WireError) -> [String] {
    var result: Result<[String], WireError> = .success([])
    bytes.withUnsafeBytes { buffer in
        do throws(WireError) {
            var reader = WireReader(buffer, depth: depth)
            var lines: [String] = []
            while let field = try reader.nextField() {
                switch field.type {
                case .varint: lines.append("\(field.number)=\(try reader.varint())")
                case .fixed32: lines.append("\(field.number)=\(try reader.float(field))")
                case .fixed64: lines.append("\(field.number)=\(try reader.double(field))")
                case .lengthDelimited: lines.append("\(field.number)=\"\(try reader.string(field))\"")
                case .groupStart, .groupEnd: try reader.skip(field)
                }
            }
            result = .success(lines)
        } catch {
            result = .failure(error)
        }
    }
    return try result.get()
}

@Suite("WireReader")
struct WireReaderTests {
    struct Accepted: CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let fields: [String]
        init(_ name: String, _ bytes: [UInt8], _ fields: [String]) {
            (testDescription, self.bytes, self.fields) = (name, bytes, fields)
        }
    }

    static let accepted: [Accepted] = [
        .init("empty message", [], []),
        .init("one-byte varint", [0x08, 0x01], ["1=1"]),
        .init("two-byte varint", [0x08, 0x96, 0x01], ["1=150"]),
        .init("ten-byte varint", [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01], ["1=18446744073709551615"]),
        .init("varint with needless zero bytes", [0x08, 0x81, 0x80, 0x80, 0x00], ["1=1"]),
        .init("largest field number", [0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 0x05], ["536870911=5"]),
        .init("float", [0x15, 0, 0, 0x80, 0x3F], ["2=1.0"]),
        .init("double", [0x19, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F], ["3=1.0"]),
        .init("string", [0x22, 0x02, 0x68, 0x69], ["4=\"hi\""]),
        .init("empty string", [0x22, 0x00], ["4=\"\""]),
        .init("group with all kinds inside", [0x0B, 0x08, 0x01, 0x12, 0x01, 0x61, 0x1B, 0x1C, 0x0C, 0x08, 0x02], ["1=2"]),
    ]

    @Test("reads well-formed messages", arguments: accepted)
    func reads(_ accepted: Accepted) throws {
        #expect(try dump(accepted.bytes) == accepted.fields)
    }

    struct Refused: CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let reason: WireError.Reason
        let offset: Int
        init(_ name: String, _ bytes: [UInt8], _ reason: WireError.Reason, at offset: Int) {
            (testDescription, self.bytes, self.reason, self.offset) = (name, bytes, reason, offset)
        }
    }

    static let refused: [Refused] = [
        .init("varint cut off", [0x08, 0x80], .truncated(needed: 2, available: 1), at: 1),
        .init("varint missing", [0x08], .truncated(needed: 1, available: 0), at: 1),
        .init("varint of eleven bytes", [0x08] + [UInt8](repeating: 0x80, count: 10) + [0x00], .varintTooLong, at: 1),
        .init("varint over 64 bits", [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x02], .varintTooLong, at: 1),
        .init("field number 0", [0x00, 0x01], .invalidTag(0), at: 0),
        .init("wire type 6", [0x0E], .invalidTag(14), at: 0),
        .init("wire type 7", [0x0F], .invalidTag(15), at: 0),
        .init("field number over 29 bits", [0x80, 0x80, 0x80, 0x80, 0x10], .invalidTag(1 << 32), at: 0),
        .init("float cut off", [0x15, 0, 0, 0], .truncated(needed: 4, available: 3), at: 1),
        .init("double cut off", [0x19, 0, 0, 0, 0], .truncated(needed: 8, available: 4), at: 1),
        .init("string longer than the message", [0x22, 0x05, 0x61], .truncated(needed: 5, available: 1), at: 1),
        .init(
            "string of 2^63 bytes", [0x22] + [UInt8](repeating: 0x80, count: 9) + [0x01],
            .truncated(needed: Int.max, available: 0), at: 1),
        .init("string that is not UTF-8", [0x22, 0x01, 0xFF], .invalidUTF8(field: 4), at: 2),
        .init("group end alone", [0x0C], .unmatchedGroupEnd(field: 1), at: 0),
        .init("group end of another group", [0x0B, 0x14], .unmatchedGroupEnd(field: 2), at: 1),
        .init("group without end", [0x0B, 0x08, 0x01], .unterminatedGroup(field: 1), at: 0),
        .init(
            "groups nested beyond the limit", [UInt8](repeating: 0x0B, count: 200) + [UInt8](repeating: 0x0C, count: 200),
            .nestingTooDeep(limit: 100), at: 100),
    ]

    @Test("refuses malformed messages, naming the byte", arguments: refused)
    func refuses(_ refused: Refused) {
        #expect(throws: WireError(refused.reason, offset: refused.offset)) { try dump(refused.bytes) }
    }

    @Test("every prefix of a message is read or refused, never trapped on")
    func prefixes() throws {
        var writer = WireWriter()
        writer.integer(1, -5)
        writer.float(2, 0.5)
        writer.double(3, 0.25)
        writer.string(4, "prefix")
        writer.head(5, .groupStart)
        writer.integer(6, 1 << 40)
        writer.head(5, .groupEnd)
        var whole = 0
        for count in 0...writer.bytes.count {
            if (try? dump(Array(writer.bytes.prefix(count)))) != nil { whole += 1 }
        }
        #expect(whole == 6, "a prefix is whole exactly at the six borders between fields")
    }

    @Test("messages nested beyond the limit are refused")
    func nesting() throws {
        var message = WireWriter()
        for _ in 0..<20 {
            let inner = message
            message = WireWriter()
            message.message(1, inner)
        }
        func depth(limit: Int) throws(WireError) -> Int {
            var result: Result<Int, WireError> = .success(0)
            message.bytes.withUnsafeBytes { buffer in
                do throws(WireError) {
                    var reader = WireReader(buffer, depth: limit)
                    var depth = 0
                    while let field = try reader.nextField() {
                        reader = try reader.nested(field)
                        depth += 1
                    }
                    result = .success(depth)
                } catch { result = .failure(error) }
            }
            return try result.get()
        }
        #expect(try depth(limit: 20) == 20)
        #expect(throws: WireError.self) { try depth(limit: 19) }
    }
}
