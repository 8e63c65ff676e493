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

    private let collections = Signature(
        name: "serving_default",
        inputs: [
            .init(name: "s", valueName: "s", type: .sequence(.tensor(TensorType(.float32, SymbolicShape([.known(1)]))))),
            .init(name: "o", valueName: "o", type: .optional(.tensor(TensorType(.float32, nil)))),
        ],
        outputs: [],
        overridables: [
            .init(
                name: "k", valueName: "k", type: TensorType(.float32, nil), fallback: .dense(Tensor(scalar: Float(7))),
                isOverridable: true)
        ])

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
        let values = try InputListing(directory: folder.path).values(for: signature)
        #expect(values.map(\.spec) == [TensorSpec(.float32, [1]), TensorSpec(.bfloat16, [1])])
        #expect(floats(values[0]) == [1.5])
    }

    @Test("takes a TensorProto where there is no NumPy file")
    func protobuf() throws {
        let folder = try folder(
            """
            [{"name": "a", "kind": "tensor", "pb": "input_0.pb"}, {"name": "b", "kind": "tensor", "npy": "input_1.npy"}]
            """)
        #expect(floats(try InputListing(directory: folder.path).values(for: signature)[0]) == [2.5])
    }

    private func floats(_ value: RuntimeValue) -> [Float]? {
        switch value {
        case .tensor(let tensor): tensor.values(Float.self)
        case .sequence(let elements): elements.flatMap { floats($0) ?? [] }
        case .optional(let content?): floats(content)
        default: nil
        }
    }

    struct Collection: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let entries: String
        let sequence: [Float]
        let optional: [Float]?
        var constant: [Float]?
    }

    static let accepted: [Collection] = [
        .init(
            testDescription: "a sequence, and an optional that is left out",
            entries: #"{"name": "s", "kind": "sequence", "items": [{"npy": "input_0.npy"}, {"pb": "input_0.pb"}]}"#, sequence: [1.5, 2.5],
            optional: nil),
        .init(
            testDescription: "an empty sequence, and an optional without a value",
            entries: #"{"name": "o", "kind": "none"}, {"name": "s", "kind": "sequence", "items": []}"#, sequence: [], optional: nil),
        .init(
            testDescription: "an optional with a value, and a constant's replacement",
            entries: """
                {"name": "o", "kind": "tensor", "npy": "input_0.npy"}, {"name": "k", "kind": "tensor", "pb": "input_0.pb"},
                {"name": "s", "kind": "sequence", "items": []}
                """, sequence: [], optional: [1.5], constant: [2.5]),
    ]

    @Test("gives sequences, optionals and constants that are replaced", arguments: accepted)
    func collections(_ entry: Collection) throws {
        let folder = try folder("[\(entry.entries)]")
        let values = try InputListing(directory: folder.path).values(for: collections)
        #expect(values.count == (entry.constant == nil ? 2 : 3))
        #expect(floats(values[0]) == entry.sequence)
        #expect(floats(values[1]) == entry.optional)
        if let constant = entry.constant { #expect(floats(values[2]) == constant) }
    }

    static let misfits: [Refused] = [
        .init(
            testDescription: "a tensor for a sequence", listing: #"[{"name": "s", "kind": "tensor", "npy": "input_0.npy"}]"#,
            words: "gives \"s\" as tensor, the model takes sequence(float32[1])"),
        .init(testDescription: "no items", listing: #"[{"name": "s", "kind": "sequence"}]"#, words: "lists no items of the sequence \"s\""),
        .init(
            testDescription: "an element without a file", listing: #"[{"name": "s", "kind": "sequence", "items": [{}]}]"#,
            words: "names no file for \"s\""),
        .init(
            testDescription: "an element of another type",
            listing: #"[{"name": "s", "kind": "sequence", "items": [{"npy": "input_1.npy"}]}]"#,
            words: "gives \"s\", which has an element 0 that is uint16, expected float32"),
        .init(
            testDescription: "nothing for a sequence", listing: "[]",
            words: "lacks the input \"s\"; the model's inputs are \"s\", \"o\", \"k\""),
    ]

    @Test("refuses values of other kinds than the signature's", arguments: misfits)
    func refusesMisfits(_ entry: Refused) throws {
        let folder = try folder(entry.listing)
        let error = try #require(throws: TensorFileError.self) { try InputListing(directory: folder.path).values(for: collections) }
        #expect(error.description.contains(entry.words), "\(error)")
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
            try InputListing(directory: folder.path).values(for: signature)
        }
        #expect(error.description.contains(entry.words), "\(error)")
    }
}
