import GraphIR
import Operators
import Tensors
import Testing

@Suite struct ParsingTests {
    /// `Example` with the feature a: floats 1 and 2.
    private static let record: [UInt8] = [
        0x0A, 0x13, 0x0A, 0x11, 0x0A, 0x01, 0x61, 0x12, 0x0C, 0x12, 0x0A, 0x0A, 0x08, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40,
    ]

    private func parse(_ records: [[UInt8]], shape: [Dimension], blank: [Float] = []) throws -> [Float] {
        let empty = TensorFlowCase.strings([], [0])
        let result = try TensorFlowCase.run(
            "ParseExampleV2",
            values: [
                .strings(StringTensor(shape: [records.count], elements: records)), empty, empty, TensorFlowCase.strings(["a"], [1]), empty,
                .tensor(Tensor(blank, shape: [blank.count])),
            ],
            ["Tdense": .types([.tensor(TensorType(.float32, nil))]), "dense_shapes": .shapes([SymbolicShape(shape)])])
        guard case .tensor(let tensor) = result[0] else { return [] }
        return tensor.values()
    }

    @Test("takes features from records")
    func dense() throws {
        #expect(try parse([Self.record, Self.record], shape: [.known(2)]) == [1, 2, 1, 2])
        #expect(try parse([Self.record, []], shape: [.known(2)], blank: [7, 8]) == [1, 2, 7, 8])
        #expect(try parse([Self.record, []], shape: [.unknown], blank: [9]) == [1, 2, 9, 9])
    }

    @Test("refuses records that lack a feature, or have another number of values")
    func wrong() {
        #expect(throws: OperatorError.self) { try parse([[]], shape: [.known(2)]) }
        #expect(throws: OperatorError.self) { try parse([Self.record], shape: [.known(3)]) }
    }

    @Test("every truncation and every changed byte of a record is answered or refused")
    func damage() {
        for count in 0..<Self.record.count { _ = try? parse([Array(Self.record.prefix(count))], shape: [.known(2)], blank: [1, 2]) }
        for position in Self.record.indices {
            for bit in 0..<8 {
                var record = Self.record
                record[position] ^= 1 << bit
                _ = try? parse([record], shape: [.known(2)], blank: [1, 2])
            }
        }
    }

    @Test("tensors survive being serialised")
    func serialised() throws {
        for value in [RuntimeValue.tensor(Tensor([Float(1), 2], shape: [1, 2])), TensorFlowCase.strings(["a", ""], [2])] {
            let text = try TensorFlowCase.run("SerializeTensor", values: [value])
            let type = try #require(value.tensorValue).elementType
            let back = try TensorFlowCase.run("ParseTensor", values: text, ["out_type": TensorFlowCase.type(type)])
            #expect(back[0].tensorValue?.spec == value.tensorValue?.spec)
            #expect(throws: OperatorError.self) {
                try TensorFlowCase.run("ParseTensor", values: text, ["out_type": TensorFlowCase.type(.int32)])
            }
        }
    }

    @Test("a serialised tensor that claims more than it holds is refused or filled within the allowance")
    func claims() throws {
        // float32 of shape [2^50].
        let text: [UInt8] = [0x08, 0x01, 0x12, 0x0A, 0x12, 0x08, 0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run(
                "ParseTensor", values: [.strings(StringTensor(shape: [], elements: [text]))], ["out_type": TensorFlowCase.type(.float32)])
        }
    }

    @Test("reads quoted fields and refuses stray quotes")
    func lines() throws {
        func fields(_ line: String) throws -> [String] {
            let blank = TensorFlowCase.strings(["-"], [1])
            return try TensorFlowCase.run(
                "DecodeCSV", values: [TensorFlowCase.strings([line], [1]), blank, blank],
                ["OUT_TYPE": .types([.tensor(TensorType(.string, nil)), .tensor(TensorType(.string, nil))])]
            ).map { value in
                guard case .strings(let texts) = value else { return "?" }
                return String(decoding: texts.elements[0], as: UTF8.self)
            }
        }
        #expect(try fields("\"a,\"\"b\",c") == ["a,\"b", "c"])
        #expect(try fields(",") == ["-", "-"])
        for line in ["a\"b,c", "\"a\"b,c", "\"a,c", "a", "a,b,c", ""] {
            #expect(throws: OperatorError.self) { try fields(line) }
        }
    }

    @Test("inflates zlib and gzip, within the run's memory")
    func compressed() throws {
        // zlib.compress(b"hi")
        let text: [UInt8] = [0x78, 0x9C, 0xCB, 0xC8, 0x04, 0x00, 0x01, 0x3B, 0x00, 0xD2]
        let input = RuntimeValue.strings(StringTensor(shape: [1], elements: [text]))
        let result = try TensorFlowCase.run("DecodeCompressed", values: [input], ["compression_type": .string("ZLIB")])
        guard case .strings(let texts) = result[0] else {
            Issue.record("\(result[0].kind)")
            return
        }
        #expect(texts.elements == [Array("hi".utf8)])
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("DecodeCompressed", values: [input], ["compression_type": .string("GZIP")])
        }
    }

    @Test(
        "refuses JSON that is no record",
        arguments: ["nope", "{\"bad\":1}", "[1]", "", "{} x", "{\"features\":{\"feature\":{\"a\":{\"int64List\":{\"value\":[1.5]}}}}}"])
    func json(_ text: String) {
        #expect(throws: OperatorError.self) { try TensorFlowCase.run("DecodeJSONExample", values: [TensorFlowCase.strings([text], [1])]) }
    }
}
