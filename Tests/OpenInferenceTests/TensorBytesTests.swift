import ServableCore
import Tensors
import Testing

@testable import OpenInference

@Suite("Raw bytes of tensors") struct TensorBytesTests {
    private struct Case: CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let spec: TensorSpec
        /// The elements; nil: refused.
        let strings: [[UInt8]]?
        var testDescription: String { name }
    }

    private static let strings: [Case] = [
        Case(name: "two strings", bytes: [2, 0, 0, 0, 97, 98, 0, 0, 0, 0], spec: TensorSpec(.string, [2]), strings: [[97, 98], []]),
        Case(name: "no element", bytes: [], spec: TensorSpec(.string, [0]), strings: []),
        Case(name: "bytes left over", bytes: [1, 0, 0, 0, 97, 98], spec: TensorSpec(.string, [1]), strings: nil),
        Case(name: "a length past the end", bytes: [255, 255, 255, 255, 97], spec: TensorSpec(.string, [1]), strings: nil),
        Case(name: "fewer elements than the shape", bytes: [1, 0, 0, 0, 97], spec: TensorSpec(.string, [2]), strings: nil),
        Case(name: "a cut length", bytes: [0, 0, 0, 0, 1, 0], spec: TensorSpec(.string, [2]), strings: nil),
        Case(name: "a shape for which no memory could be there", bytes: [0, 0, 0, 0], spec: TensorSpec(.string, [1 << 47]), strings: nil),
    ]

    @Test("reads BYTES and refuses what is not exactly the shape's", arguments: strings)
    private func readStrings(_ test: Case) throws {
        func read() throws -> TensorValue {
            try test.bytes.withUnsafeBytes { bytes in try TensorBytes.read(bytes, test.spec, input: "x") }
        }
        guard let expected = test.strings else {
            let error = try #require(throws: ServableError.self) { try read() }
            #expect(error.code == .invalidArgument)
            #expect(error.message.contains("\"x\""))
            return
        }
        guard case .strings(let tensor) = try read() else { throw Unexpected() }
        #expect(tensor.elements == expected)
        #expect(tensor.shape == test.spec.shape)
        var written: [UInt8] = []
        TensorBytes.write(tensor) { written += $0 }
        #expect(written == test.bytes)
        #expect(TensorBytes.byteCount(of: tensor) == test.bytes.count)
    }

    @Test("reads dense elements as they are, and every byte of a BOOL but zero as true")
    func dense() throws {
        let floats: [Float] = [1, -2, .nan]
        let read = try floats.withUnsafeBytes { bytes in try TensorBytes.read(bytes, TensorSpec(.float32, [3, 1]), input: "x")
        }
        guard case .dense(let tensor) = read else { throw Unexpected() }
        #expect(tensor.values(Float.self).map(\.bitPattern) == floats.map(\.bitPattern))
        let bools: [UInt8] = [0, 1, 7]
        let flags = try bools.withUnsafeBytes { bytes in try TensorBytes.read(bytes, TensorSpec(.bool, [3]), input: "x")
        }
        guard case .dense(let truths) = flags else { throw Unexpected() }
        #expect(truths.values(Bool.self) == [false, true, true])
    }

    @Test("refuses more or fewer bytes than the shape takes", arguments: [0, 4, 11, 13])
    func wrongLength(_ count: Int) throws {
        let bytes = [UInt8](repeating: 0, count: count)
        let error = try #require(throws: ServableError.self) {
            try bytes.withUnsafeBytes { bytes in try TensorBytes.read(bytes, TensorSpec(.float32, [3]), input: "x")
            }
        }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("\"x\"") && error.message.contains("12"))
    }
}

@Suite("Typed contents") struct TypedContentsTests {
    private struct Case: CustomTestStringConvertible {
        let name: String
        let contents: TypedContents
        let spec: TensorSpec
        let isTaken: Bool
        var testDescription: String { name }
    }

    private static let cases: [Case] = [
        Case(name: "INT8 in range", contents: .int32s([-128, 127]), spec: TensorSpec(.int8, [2]), isTaken: true),
        Case(name: "INT8 out of range", contents: .int32s([128]), spec: TensorSpec(.int8, [1]), isTaken: false),
        Case(name: "UINT8 out of range", contents: .uint32s([256]), spec: TensorSpec(.uint8, [1]), isTaken: false),
        Case(name: "UINT16 in range", contents: .uint32s([65535]), spec: TensorSpec(.uint16, [1]), isTaken: true),
        Case(name: "INT64", contents: .int64s([.min]), spec: TensorSpec(.int64, [1, 1]), isTaken: true),
        Case(name: "BOOL", contents: .bools([true]), spec: TensorSpec(.bool, [1]), isTaken: true),
        Case(name: "BYTES", contents: .strings([[255], []]), spec: TensorSpec(.string, [2]), isTaken: true),
        Case(name: "another type's field", contents: .doubles([1]), spec: TensorSpec(.float32, [1]), isTaken: false),
        Case(name: "FP16, which has no field", contents: .floats([1]), spec: TensorSpec(.float16, [1]), isTaken: false),
        Case(name: "too few", contents: .floats([1]), spec: TensorSpec(.float32, [2]), isTaken: false),
        Case(name: "too many", contents: .floats([1, 2]), spec: TensorSpec(.float32, [1]), isTaken: false),
        Case(name: "none for an empty tensor", contents: .floats([]), spec: TensorSpec(.float32, [0]), isTaken: true),
    ]

    @Test("are taken when they are the type's, as many as the shape has and in range", arguments: cases)
    private func take(_ test: Case) throws {
        guard test.isTaken else {
            let error = try #require(throws: ServableError.self) { try test.contents.tensor(test.spec, input: "x") }
            #expect(error.code == .invalidArgument)
            #expect(error.message.contains("\"x\""))
            return
        }
        #expect(try test.contents.tensor(test.spec, input: "x").spec == test.spec)
    }
}

struct Unexpected: Error {}
