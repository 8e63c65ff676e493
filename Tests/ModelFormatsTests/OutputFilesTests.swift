import Foundation
import GraphIR
import ModelFormats
import Tensors
import Testing

@Suite("OutputFiles")
struct OutputFilesTests {
    private static let scalar = ValueType.tensor(TensorSpec(.float32, .scalar).type)
    private static let maps = ValueType.sequence(.map(key: .string, value: scalar))

    /// The names of the files that these outputs make, in a folder that is made when it is missing.
    private func write(_ outputs: [(RuntimeValue, ValueType)]) throws -> (folder: TemporaryFolder, directory: String, names: [String]) {
        let folder = try TemporaryFolder()
        let directory = folder.path + "/out"
        let parameters = outputs.map { Signature.Parameter(name: "y", valueName: "y", type: $0.1) }
        try OutputFiles.write(outputs.map(\.0), of: parameters, to: directory)
        return (folder, directory, try FileManager.default.contentsOfDirectory(atPath: directory).sorted())
    }

    private func number(_ value: Float) -> RuntimeValue { .tensor(Tensor(scalar: value)) }

    private func map(_ entries: [(String, RuntimeValue)]) -> RuntimeValue {
        .map(.strings(entries.map { (Array($0.0.utf8), $0.1) }))
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("tensors are numbered files")
    func tensors() throws {
        let words = StringTensor(shape: [2], elements: [Array("a".utf8), [0, 255]])
        let written = try write([
            (number(1), Self.scalar), (.tensor(Tensor([Int64(2)], shape: [1])), .tensor(TensorType(.int64, nil))),
            (.strings(words), .tensor(TensorType(.string, nil))),
        ])
        #expect(written.names == ["output_0.npy", "output_1.npy", "output_2.pb"])
        #expect(try NumPyFile.read(written.directory + "/output_0.npy").values(Float.self) == [1])
        #expect(try NumPyFile.read(written.directory + "/output_1.npy").values(Int64.self) == [2])
        guard case .strings(let read) = try TensorProtoFile.readValue(written.directory + "/output_2.pb"), read == words else {
            Issue.record("strings are not what was written")
            return
        }
    }

    @Test("sequences are a file for each element, optionals what they hold, and what is not there a mark")
    func sequences() throws {
        let sequence = ValueType.sequence(Self.scalar)
        let words = RuntimeValue.strings(StringTensor(shape: [2], elements: [Array("a".utf8), Array("bcd".utf8)]))
        let written = try write([
            (.sequence([number(1), number(2)]), sequence), (.sequence([]), sequence), (.optional(nil), .optional(sequence)),
            (.optional(.sequence([number(3)])), .optional(sequence)), (.optional(number(4)), .optional(Self.scalar)),
            (.sequence([words]), .sequence(.tensor(TensorType(.string, nil)))),
        ])
        #expect(
            written.names == [
                "output_0_0.npy", "output_0_1.npy", "output_1.empty", "output_2.none", "output_3_0.npy", "output_4.npy", "output_5_0.npy",
            ])
        #expect(try NumPyFile.read(written.directory + "/output_0_1.npy").values(Float.self) == [2])
        #expect(try NumPyStrings.read(written.directory + "/output_5_0.npy").elements == [Array("a".utf8), Array("bcd".utf8)])
    }

    @Test("maps are a table with their keys")
    func tables() throws {
        let rows = RuntimeValue.sequence([
            map([("b \"é\"", number(1)), ("a", number(2))]), map([("a", number(4)), ("b \"é\"", number(3))]),
        ])
        let numbered = RuntimeValue.map(.integers([(key: Int64(7), value: number(5)), (key: Int64(-1), value: number(6))]))
        let written = try write([
            (rows, Self.maps), (numbered, .map(key: .int64, value: Self.scalar)), (.sequence([]), Self.maps),
        ])
        #expect(
            written.names == [
                "output_0.keys.json", "output_0.npy", "output_1.keys.json", "output_1.npy", "output_2.keys.json", "output_2.npy",
            ])
        let table = try NumPyFile.read(written.directory + "/output_0.npy")
        #expect(table.shape == [2, 2] && table.values(Float.self) == [1, 2, 3, 4])
        #expect(try text(written.directory + "/output_0.keys.json") == #"["b \"é\"","a"]"#)
        let single = try NumPyFile.read(written.directory + "/output_1.npy")
        #expect(single.shape == [2] && single.values(Float.self) == [5, 6])
        #expect(try text(written.directory + "/output_1.keys.json") == "[7,-1]")
        #expect(try NumPyFile.read(written.directory + "/output_2.npy").shape == [0, 0])
    }

    @Test("refuses maps that are no table, values that have no form, and a folder that cannot be made")
    func refusals() throws {
        let different = RuntimeValue.sequence([map([("a", number(1))]), map([("b", number(1))])])
        let wide = RuntimeValue.sequence([map([("a", .tensor(Tensor([Float(1), 2], shape: [2])))])])
        let nested = RuntimeValue.sequence([.sequence([])])
        for (value, type, words) in [
            (different, Self.maps, "has other keys in its map 1"), (wide, Self.maps, "expected a single float32"),
            (nested, .sequence(.sequence(Self.scalar)), "has an element that is sequence of 0"),
        ] {
            let error = try #require(throws: TensorFileError.self) { try write([(value, type)]) }
            #expect(error.description.contains(words), "\(error)")
        }
        let folder = try TemporaryFolder()
        let error = try #require(throws: TensorFileError.self) { try OutputFiles.write([], of: [], to: folder.path + "/no/such") }
        #expect(error.description.contains("cannot be made"))
    }
}
