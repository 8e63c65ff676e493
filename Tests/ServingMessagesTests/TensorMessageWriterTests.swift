import ProtobufWire
import ServingMessages
import Tensors
import Testing

@Suite("Written tensor messages")
struct TensorMessageWriterTests {
    static let tensors: [Tensor] = [
        Tensor([1.5, .nan, -.infinity] as [Float], shape: [3]), Tensor([0.1, -1e300] as [Double], shape: [2, 1]),
        Tensor([.min, -1, 0, .max] as [Int8], shape: [4]), Tensor([0, 200, .max] as [UInt16], shape: [3]),
        Tensor([.min, 7] as [Int32], shape: [2]), Tensor([.min, .max] as [Int64], shape: [2]), Tensor([0, .max] as [UInt32], shape: [2]),
        Tensor([0, .max] as [UInt64], shape: [2]), Tensor([true, false] as [Bool], shape: [2]), Tensor([3] as [Float], shape: []),
        Tensor([] as [Float], shape: [0, 2]),
    ]

    @Test("read back as what they were", arguments: tensors, [TensorMessageWriter.Form.typed, .content])
    func roundTrip(tensor: Tensor, form: TensorMessageWriter.Form) throws {
        var message = WireAssembly()
        try TensorMessageWriter(tensor.view, form, name: "x").append(to: &message)
        guard case .dense(let read) = try TensorMessageDecoderTests.decode(message.message).get() else {
            Issue.record("became strings")
            return
        }
        #expect(read.hasEqualContents(tensor))
    }

    @Test("hold strings")
    func strings() throws {
        let tensor = StringTensor(shape: [2], elements: [Array("ä".utf8), []])
        var message = WireAssembly()
        try TensorMessageWriter(tensor, name: "x").append(to: &message)
        guard case .strings(let read) = try TensorMessageDecoderTests.decode(message.message).get() else {
            Issue.record("became numbers")
            return
        }
        #expect(read == tensor)
    }

    @Test("are refused for types that TensorFlow has no message of")
    func refusal() throws {
        let tensor = try Tensor(TensorSpec(.float8e5m2, [1])) { $0[0] = 0 }
        #expect(throws: TensorMessageError.self) { try TensorMessageWriter(tensor.view, .typed, name: "x") }
    }

    @Test("stand in a map under their names, and are copied where they belong")
    func entry() throws {
        let tensor = Tensor([1, 2] as [Float], shape: [2])
        var message = WireAssembly()
        try TensorMessageWriter(tensor.view, .typed, name: "y").append(to: &message, field: 2, key: "y")
        try TensorMessageWriter(tensor.view, .content, name: "z").append(to: &message, field: 2, key: "z")
        let bytes = message.message
        #expect(bytes.count == message.byteCount)
        let request = try bytes.withUnsafeBytes { bytes in
            var reader = WireReader(bytes)
            return try TensorFlow.PredictRequest(from: &reader)
        }
        #expect(request.inputs.map(\.key) == ["y", "z"])
        #expect(request.inputs.map { $0.value?.content == nil } == [true, false])
    }
}
