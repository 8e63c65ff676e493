import ProtobufWire
import ServingMessages
import Testing

@Suite("Request messages")
struct RequestMessageTests {
    @Test("an absent version, a version 0 and a label are told apart; of two the last counts")
    func versions() throws {
        func spec(_ write: (inout WireWriter) -> Void) throws -> TensorFlow.ModelSpec {
            var message = WireWriter()
            message.string(1, "m")
            write(&message)
            return try message.bytes.withUnsafeBytes { bytes in
                var reader = WireReader(bytes)
                return try TensorFlow.ModelSpec(from: &reader)
            }
        }
        #expect(try spec { _ in }.version == nil)
        #expect(try spec { $0.message(2) { _ in } }.version == .version(0))
        #expect(try spec { $0.message(2) { $0.integer(1, 7) } }.version == .version(7))
        #expect(try spec { $0.string(4, "stable") }.version == .label("stable"))
        #expect(
            try spec {
                $0.string(4, "stable")
                $0.message(2) { $0.integer(1, 7) }
            }.version == .version(7))
    }

    @Test("a response's specification has the version, and no label")
    func response() throws {
        let spec = TensorFlow.ModelSpec(name: "m", version: 3, signatureName: "s")
        #expect(spec.message.bytes == [10, 1, 109, 18, 2, 8, 3, 26, 1, 115])
    }

    @Test("examples have the context before them")
    func examples() throws {
        var message = WireWriter()
        message.message(2) { list in
            list.delimited(1, [1, 1])
            list.delimited(1, [2])
            list.delimited(2, [9, 9])
        }
        let examples = try message.bytes.withUnsafeBytes { bytes in
            var reader = WireReader(bytes)
            return try TensorFlow.Input(from: &reader).examples(in: bytes)
        }
        #expect(examples == [[9, 9, 1, 1], [9, 9, 2]])
    }
}
