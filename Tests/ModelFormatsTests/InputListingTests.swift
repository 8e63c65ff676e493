import GraphIR
import ModelFormats
import Tensors
import Testing

@Suite("InputListing")
struct InputListingTests {
    private let signature = Signature(
        name: "serving_default",
        inputs: [
            .init(name: "a", valueName: "a", type: TensorType(.float32, SymbolicShape([.known(1)]))),
            .init(name: "b", valueName: "b", type: TensorType(.bfloat16, nil)),
        ],
        outputs: [])

    private func folder(_ listing: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try folder.write(Array(listing.utf8), to: "inputs.json")
        try NumPyFile.write(Tensor([Float(1.5)], shape: [1]), to: folder.path + "/input_0.npy")
        try NumPyFile.write(Tensor([UInt16(0x3F80)], shape: [1]), to: folder.path + "/input_1.npy")
        try TensorProtoFile.write(Tensor([Float(2.5)], shape: [1]), name: "a", to: folder.path + "/input_0.pb")
        return folder
    }

    @Test("gives the tensors in the order of the signature")
    func reads() throws {
        let folder = try folder(
            """
            [{"index": 1, "name": "b", "kind": "tensor", "dtype": "bfloat16", "shape": [1], "npy": "input_1.npy", "pb": "input_1.pb"},
             {"index": 0, "name": "a", "kind": "tensor", "dtype": "float", "shape": [1], "npy": "input_0.npy"}]
            """)
        let tensors = try InputListing(directory: folder.path).tensors(for: signature)
        #expect(tensors.map(\.spec) == [TensorSpec(.float32, [1]), TensorSpec(.bfloat16, [1])])
        #expect(floats(tensors[0]) == [1.5])
    }

    @Test("takes a TensorProto where there is no NumPy file")
    func protobuf() throws {
        let folder = try folder(
            """
            [{"name": "a", "kind": "tensor", "pb": "input_0.pb"}, {"name": "b", "kind": "tensor", "npy": "input_1.npy"}]
            """)
        #expect(floats(try InputListing(directory: folder.path).tensors(for: signature)[0]) == [2.5])
    }

    private func floats(_ value: TensorValue) -> [Float]? {
        if case .dense(let tensor) = value { tensor.values(Float.self) } else { nil }
    }

    struct Refused: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let listing: String
        let words: String
    }

    static let refused: [Refused] = [
        .init(testDescription: "no JSON", listing: "[", words: "is no list of inputs"),
        .init(testDescription: "no list", listing: "{}", words: "is no list of inputs"),
        .init(testDescription: "entry without a name", listing: "[{\"kind\": \"tensor\"}]", words: "lacks \"name\""),
        .init(
            testDescription: "unknown input", listing: "[{\"name\": \"c\", \"kind\": \"tensor\", \"npy\": \"input_0.npy\"}]",
            words: "lists \"c\", the model's inputs are \"a\", \"b\""),
        .init(
            testDescription: "missing input", listing: "[{\"name\": \"a\", \"kind\": \"tensor\", \"npy\": \"input_0.npy\"}]",
            words: "lacks the input \"b\""),
        .init(
            testDescription: "input twice",
            listing:
                "[{\"name\": \"a\", \"kind\": \"tensor\", \"npy\": \"input_0.npy\"}, {\"name\": \"a\", \"kind\": \"tensor\", \"npy\": \"input_0.npy\"}]",
            words: "lists \"a\" twice"),
        .init(
            testDescription: "sequence", listing: "[{\"name\": \"a\", \"kind\": \"sequence\"}]", words: "gives \"a\" as sequence"),
        .init(testDescription: "no file", listing: "[{\"name\": \"a\", \"kind\": \"tensor\"}]", words: "names no file for \"a\""),
        .init(
            testDescription: "missing file", listing: "[{\"name\": \"a\", \"kind\": \"tensor\", \"npy\": \"none.npy\"}]",
            words: "none.npy"),
    ]

    @Test("refuses listings that do not fit the signature", arguments: refused)
    func refuses(_ entry: Refused) throws {
        let folder = try folder(entry.listing)
        let error = try #require(throws: TensorFileError.self) {
            try InputListing(directory: folder.path).tensors(for: signature)
        }
        #expect(error.description.contains(entry.words), "\(error)")
    }

    @Test("outputs are numbered files in a folder that is made when missing")
    func outputs() throws {
        let folder = try TemporaryFolder()
        let directory = folder.path + "/out"
        let words = StringTensor(shape: [2], elements: [Array("a".utf8), [0, 255]])
        let outputs: [TensorValue] = [.dense(Tensor(scalar: Float(1))), .dense(Tensor([Int64(2)], shape: [1])), .strings(words)]
        try OutputFiles.write(outputs, to: directory)
        #expect(try NumPyFile.read(directory + "/output_0.npy").values(Float.self) == [1])
        #expect(try NumPyFile.read(directory + "/output_1.npy").values(Int64.self) == [2])
        guard case .strings(let read) = try TensorProtoFile.readValue(directory + "/output_2.pb"), read == words else {
            Issue.record("strings are not what was written")
            return
        }
        let error = try #require(throws: TensorFileError.self) { try OutputFiles.write([], to: folder.path + "/no/such") }
        #expect(error.description.contains("cannot be made"))
    }
}
