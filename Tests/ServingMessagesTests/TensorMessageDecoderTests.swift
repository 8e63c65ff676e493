import ProtobufWire
import ServingMessages
import Tensors
import Testing

/// `TensorProto` messages as clients send them, and what each becomes.
@Suite("Tensor messages")
struct TensorMessageDecoderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let message: [UInt8]
        /// Elements as text; nil: the reason of the refusal holds `reason`.
        let elements: String?
        var reason = ""
        var testDescription: String { name }
    }

    /// dtype 1, tensor_shape 2 { dim 2 { size 1 } }.
    static func message(_ type: Int, _ shape: [Int64], _ fill: (inout WireWriter) -> Void = { _ in }) -> [UInt8] {
        var message = WireWriter()
        message.varint(1, UInt64(type))
        message.message(2) { shapeMessage in for extent in shape { shapeMessage.message(2) { $0.integer(1, extent) } } }
        fill(&message)
        return message.bytes
    }

    static func bytes<Scalar: BitwiseCopyable>(_ values: [Scalar]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    static let cases: [Case] = [
        Case(
            name: "floats in content", message: message(1, [2]) { $0.delimited(4, bytes([1.5, -2] as [Float])) }, elements: "[1.5, -2.0]"),
        Case(name: "floats in float_val, packed", message: message(1, [2]) { $0.packedFloats(5, [1, 2]) }, elements: "[1.0, 2.0]"),
        Case(
            name: "floats in float_val, one field each",
            message: message(1, [2]) {
                $0.float(5, 1)
                $0.float(5, 2)
            }, elements: "[1.0, 2.0]"),
        Case(
            name: "the last value stands for the rest", message: message(1, [5]) { $0.packedFloats(5, [1, 2]) },
            elements: "[1.0, 2.0, 2.0, 2.0, 2.0]"),
        Case(name: "no value is zeros", message: message(1, [3]), elements: "[0.0, 0.0, 0.0]"),
        Case(name: "surplus values are left out", message: message(1, [1]) { $0.packedFloats(5, [1, 2, 3]) }, elements: "[1.0]"),
        Case(
            name: "content wins over values",
            message: message(1, [1]) {
                $0.packedFloats(5, [7])
                $0.delimited(4, bytes([3] as [Float]))
            }, elements: "[3.0]"),
        Case(name: "a scalar", message: message(1, []) { $0.packedFloats(5, [4]) }, elements: "[4.0]"),
        Case(name: "no element is not looked into", message: message(1, [0, 3]) { $0.delimited(4, [1]) }, elements: "[]"),
        Case(name: "int8 wraps", message: message(6, [3]) { $0.packed(7, [-128, 127, 300]) }, elements: "[-128, 127, 44]"),
        Case(name: "int64", message: message(9, [2]) { $0.packed(10, [.min, 5]) }, elements: "[-9223372036854775808, 5]"),
        Case(name: "uint64 beyond int64", message: message(23, [1]) { $0.packed(17, [-1]) }, elements: "[18446744073709551615]"),
        Case(name: "a bool's byte is 0 or 1", message: message(10, [3]) { $0.delimited(4, [0, 1, 7]) }, elements: "[false, true, true]"),
        Case(name: "bools in bool_val", message: message(10, [2]) { $0.packed(11, [1, 0]) }, elements: "[true, false]"),
        Case(name: "a field of another type is not read", message: message(3, [1]) { $0.packedFloats(5, [1]) }, elements: "[0]"),
        Case(
            name: "strings",
            message: message(7, [2]) {
                $0.string(8, "a")
                $0.string(8, "")
            }, elements: "[[97], []]"),
        Case(name: "the last string stands for the rest", message: message(7, [2]) { $0.string(8, "a") }, elements: "[[97], [97]]"),
        Case(name: "strings in content", message: message(7, [2]) { $0.delimited(4, [1, 2, 97, 98, 99]) }, elements: "[[97], [98, 99]]"),
        Case(
            name: "content of another length", message: message(1, [3]) { $0.delimited(4, [0, 0, 0, 0]) }, elements: nil,
            reason: "has 4 bytes of content, float32[3] needs 12"),
        Case(
            name: "strings that go beyond their content", message: message(7, [1]) { $0.delimited(4, [9, 97]) }, elements: nil,
            reason: "has a string of 9 bytes, 1 are left"),
        Case(
            name: "bytes behind the strings", message: message(7, [1]) { $0.delimited(4, [1, 97, 98]) }, elements: nil,
            reason: "has 1 bytes after its strings"),
        Case(
            name: "half a float", message: message(1, [1]) { $0.delimited(5, [0, 0, 0]) }, elements: nil,
            reason: "values that cannot be read"),
        Case(name: "no type", message: message(0, [1]), elements: nil, reason: "DT_INVALID"),
        Case(name: "a type that is not computed with", message: message(20, [1]), elements: nil, reason: "DT_RESOURCE"),
        Case(name: "a negative extent", message: message(1, [-1]), elements: nil, reason: "has the shape [-1]"),
        Case(name: "a product beyond all bounds", message: message(1, [1 << 40, 1 << 40]), elements: nil, reason: "has the shape"),
        Case(
            name: "few bytes that ask for terabytes", message: message(1, [1 << 40]) { $0.packedFloats(5, [1]) }, elements: nil,
            reason: "take more than the 1048576 bytes"),
        Case(
            name: "strings that few bytes ask for", message: message(7, [1 << 40]) { $0.string(8, "") }, elements: nil,
            reason: "take more than the 1048576 bytes"),
        Case(
            name: "a shape of unknown rank", message: message(1, []) { $0.message(2) { $0.varint(3, 1) } }, elements: nil,
            reason: "has the shape"),
    ]

    @Test("become tensors or are refused with the reason", arguments: cases)
    func decodes(example: Case) throws {
        let result = Self.decode(example.message)
        switch (result, example.elements) {
        case (.success(let value), let elements?): #expect(Self.text(value) == elements)
        case (.failure(let error), nil): #expect(error.reason.contains(example.reason), "\(error.reason)")
        case (.success(let value), nil): Issue.record("became \(Self.text(value))")
        case (.failure(let error), _): Issue.record("was refused: \(error.reason)")
        }
    }

    @Test("are no danger when they are cut off anywhere", arguments: cases)
    func everyPrefix(example: Case) {
        for count in 0..<example.message.count { _ = Self.decode(Array(example.message.prefix(count))) }
    }

    @Test("of one request share its limit")
    func sharedLimit() throws {
        let bytes = Self.message(1, [600]) { $0.packedFloats(5, [1]) }
        try bytes.withUnsafeBytes { bytes in
            var reader = WireReader(bytes)
            let message = try TensorFlow.Tensor(from: &reader)
            var decoder = TensorMessageDecoder(bytes, byteLimit: 4_096)
            _ = try decoder.value(message)
            #expect(throws: TensorMessageError.self) { try decoder.value(message) }
        }
    }

    static func decode(_ bytes: [UInt8]) -> Result<TensorValue, TensorMessageError> {
        bytes.withUnsafeBytes { bytes in
            var reader = WireReader(bytes)
            let message: TensorFlow.Tensor
            do throws(WireError) { message = try TensorFlow.Tensor(from: &reader) } catch {
                return .failure(TensorMessageError(.malformed, "\(error)"))
            }
            var decoder = TensorMessageDecoder(bytes, byteLimit: 1 << 20)
            do throws(TensorMessageError) { return .success(try decoder.value(message)) } catch { return .failure(error) }
        }
    }

    static func text(_ value: TensorValue) -> String {
        switch value {
        case .strings(let tensor): "\(tensor.elements)"
        case .dense(let tensor):
            switch tensor.elementType {
            case .float32: "\(tensor.values(Float.self))"
            case .float64: "\(tensor.values(Double.self))"
            case .int8: "\(tensor.values(Int8.self))"
            case .int32: "\(tensor.values(Int32.self))"
            case .int64: "\(tensor.values(Int64.self))"
            case .uint64: "\(tensor.values(UInt64.self))"
            case .uint16: "\(tensor.values(UInt16.self))"
            case .bool: "\(tensor.values(Bool.self))"
            default: "\(tensor.spec)"
            }
        }
    }
}
