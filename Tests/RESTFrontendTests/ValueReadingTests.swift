import GraphIR
import ModelServing
import RESTFrontend
import ServableCore
import Tensors
import Testing

/// Inputs that are no tensors of rows: sequences, maps, optionals, and constants that a request may replace.
@Suite("value reading")
struct ValueReadingTests {
    private static let float = ValueType.tensor(TensorType(.float32, nil))
    private static let scalar = ValueType.tensor(TensorSpec(.float32, .scalar).type)

    private static func input(_ name: String, _ type: ValueType) -> Signature.Parameter {
        Signature.Parameter(name: name, valueName: name, type: type)
    }

    private static let x = input("x", float)
    private static let sequence = input("s", .sequence(float))
    private static let optional = input("o", .optional(float))
    private static let words = input("w", .sequence(.tensor(TensorType(.string, nil))))
    private static let map = input("m", .map(key: .string, value: scalar))
    private static let numbered = input("n", .sequence(.map(key: .int64, value: .tensor(TensorSpec(.string, .scalar).type))))
    private static let constant = Signature.Parameter(
        name: "k", valueName: "k", type: float, fallback: .dense(Tensor([7, 8] as [Float], shape: [2])), isOverridable: true)

    private static func read(
        _ body: String, _ inputs: [Signature.Parameter], limits: TensorJSONLimits = .init()
    ) throws(ServableError) -> [RuntimeValue] {
        var body = Array(body.utf8)
        var result: Result<PredictBody, ServableError> = .failure(ServableError(.internal, "was not read"))
        body.withUnsafeMutableBytes { bytes in
            result = Result { () throws(ServableError) in
                try PredictBodyReader(limits: limits).read(UnsafeRawBufferPointer(bytes), addressing: .url) { _ in inputs }
            }
        }
        return try result.get().inputs.values
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let body: String
        let inputs: [Signature.Parameter]
        let text: String
        var testDescription: String { body }
    }

    static let cases: [Case] = [
        Case(body: #"{"inputs": {"s": [[1, 2], [[3]], []]}}"#, inputs: [sequence], text: "[[1.0, 2.0](2), [3.0](1,1), [](0)]"),
        Case(body: #"{"inputs": [ [1, 2] , 3 ]}"#, inputs: [sequence], text: "[[1.0, 2.0](2), [3.0]()]"),
        Case(body: #"{"inputs": []}"#, inputs: [sequence], text: "[]"),
        Case(body: #"{"inputs": {"s": [ ], "x": 1}}"#, inputs: [sequence, x], text: "[] [1.0]()"),
        Case(body: #"{"inputs": {"w": ["a", ["b", {"b64": "AQ=="}]]}}"#, inputs: [words], text: #"[["a"](), ["b", "\u{01}"](2)]"#),
        Case(body: #"{"inputs": {"o": [1]}}"#, inputs: [optional], text: "some [1.0](1)"),
        Case(body: #"{"inputs": {"o": null}}"#, inputs: [optional], text: "none"),
        Case(body: #"{"inputs": {}}"#, inputs: [optional], text: "none"),
        Case(body: #"{"inputs": null}"#, inputs: [optional], text: "none"),
        Case(body: #"{"inputs": {"x": 1}}"#, inputs: [x, optional], text: "[1.0]() none"),
        Case(body: #"{"inputs": {"m": {"a": 1, "é\n": 2, "a": 3}}}"#, inputs: [map], text: #"{"a": [1.0](), "é\#n": [2.0]()}"#),
        Case(body: #"{"inputs": {"m": {}}}"#, inputs: [map], text: "{}"),
        Case(body: #"{"inputs": [{"-5": "a", "7": "b"}, {}]}"#, inputs: [numbered], text: #"[{-5: ["a"](), 7: ["b"]()}, {}]"#),
        Case(body: #"{"instances": [[1], [2]]}"#, inputs: [optional], text: "some [1.0, 2.0](2,1)"),
        Case(body: #"{"instances": [{"x": 1}, {"x": 2}]}"#, inputs: [x, optional], text: "[1.0, 2.0](2) none"),
        Case(
            body: #"{"instances": [{"x": 1, "o": 3}, {"o": 4, "x": 2}]}"#, inputs: [x, optional], text: "[1.0, 2.0](2) some [3.0, 4.0](2)"),
        Case(body: #"{"instances": [1, 2]}"#, inputs: [x, constant], text: "[1.0, 2.0](2)"),
        Case(body: #"{"inputs": [1, 2]}"#, inputs: [x, constant], text: "[1.0, 2.0](2)"),
        Case(body: #"{"inputs": {"x": 1}}"#, inputs: [x, constant], text: "[1.0]()"),
        Case(body: #"{"instances": [{"x": 1}]}"#, inputs: [x, constant], text: "[1.0](1)"),
        Case(body: #"{"inputs": {"k": [1, 2], "x": 1}}"#, inputs: [x, constant], text: "[1.0]() [1.0, 2.0](2)"),
    ]

    @Test("reads what has no rows as the signature says", arguments: cases)
    func reads(_ entry: Case) throws {
        #expect(try Self.read(entry.body, entry.inputs).map(Self.text).joined(separator: " ") == entry.text)
    }

    @Test("a constant that is not replaced comes with one that is")
    func fallback() throws {
        let other = Signature.Parameter(
            name: "l", valueName: "l", type: Self.float, fallback: .dense(Tensor(scalar: Float(9))), isOverridable: true)
        let values = try Self.read(#"{"inputs": {"l": 3, "x": 1}}"#, [Self.x, Self.constant, other])
        #expect(values.map(Self.text) == ["[1.0]()", "[7.0, 8.0](2)", "[3.0]()"])
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let body: String
        let inputs: [Signature.Parameter]
        let words: String
        var testDescription: String { body }
    }

    static let refusals: [Refusal] = [
        Refusal(
            body: #"{"inputs": {"s": 1}}"#, inputs: [sequence],
            words: "input \"s\" is sequence(float32[…]), expecting a list but got: Number"),
        Refusal(body: #"{"inputs": {"s": [[1, "a"]]}}"#, inputs: [sequence], words: "a"),
        Refusal(body: #"{"inputs": {"s": [[1, [2]]]}}"#, inputs: [sequence], words: "Encountered list"),
        Refusal(body: #"{"inputs": {"m": [1]}}"#, inputs: [map], words: "expecting an object but got: Array"),
        Refusal(body: #"{"inputs": {"m": {"a": null}}}"#, inputs: [map], words: "null"),
        Refusal(
            body: #"{"inputs": [{"seven": "a"}]}"#, inputs: [numbered], words: "input \"n\" has the key \"seven\", expected an integer"),
        Refusal(body: #"{"inputs": {"x": 1}}"#, inputs: [x, sequence], words: "Missing named input: s in 'inputs' object."),
        Refusal(body: #"{"inputs": [1]}"#, inputs: [x, sequence], words: "multiple input tensors"),
        Refusal(
            body: #"{"instances": [[1]]}"#, inputs: [sequence],
            words: "input \"s\" is sequence(float32[…]), which has no rows; send all inputs as 'inputs' instead of 'instances'"),
        Refusal(body: #"{"instances": [{"x": 1, "s": [1]}]}"#, inputs: [x, sequence], words: "which has no rows"),
        Refusal(body: #"{"instances": [{"x": 1, "k": 1}]}"#, inputs: [x, constant], words: "\"k\" replaces a constant of the model"),
        Refusal(body: #"{"instances": [{"x": 1}, {"x": 2, "o": 1}]}"#, inputs: [x, optional], words: "keys must be equal to: o,x"),
        Refusal(body: #"{"instances": [{"k": 1}]}"#, inputs: [x, constant], words: "replaces a constant"),
        Refusal(body: #"{"inputs": {"s": [[1], [2]}"#, inputs: [sequence], words: "JSON"),
        Refusal(body: #"{"inputs": {"m": {"a": 1, }}}"#, inputs: [map], words: "JSON"),
    ]

    @Test("refuses what does not fit, naming the input", arguments: refusals)
    func refuses(_ entry: Refusal) throws {
        let error = try #require(throws: ServableError.self) { try Self.read(entry.body, entry.inputs) }
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains(entry.words), "\(error.message)")
    }

    @Test("the elements of one input are counted, also those of maps in sequences")
    func limit() throws {
        let limits = TensorJSONLimits(maximumEntryCount: 4)
        #expect(try Self.read(#"{"inputs": [1, 2, 3, 4]}"#, [Self.sequence], limits: limits).count == 1)
        for (body, input) in [
            (#"{"inputs": [1, 2, 3, 4, 5]}"#, Self.sequence), (#"{"inputs": [{"1": "a", "2": "b"}, {"1": "c", "2": "d"}]}"#, Self.numbered),
        ] {
            let error = try #require(throws: ServableError.self) { try Self.read(body, [input], limits: limits) }
            #expect(error.message.contains("has more than 4 elements and entries"), "\(error.message)")
        }
    }

    @Test("cut off anywhere, a body is refused")
    func truncated() {
        let body = #"{"inputs": {"s": [[1, 2], [3]], "m": {"a": 1, "b": 2}, "o": null, "n": [{"1": "a"}]}}"#
        let inputs = [Self.sequence, Self.map, Self.optional, Self.numbered]
        #expect(throws: Never.self) { try Self.read(body, inputs) }
        for count in 0..<body.utf8.count {
            #expect(throws: ServableError.self) { try Self.read(String(body.prefix(count)), inputs) }
        }
    }

    private static func text(_ value: RuntimeValue) -> String {
        switch value {
        case .tensor(let tensor): "\(tensor.values(Float.self))(\(text(tensor.shape)))"
        case .strings(let tensor): "\(tensor.elements.map { String(decoding: $0, as: UTF8.self) })(\(text(tensor.shape)))"
        case .sequence(let elements): "[\(elements.map(text).joined(separator: ", "))]"
        case .map(.integers(let entries)): "{\(entries.map { "\($0.key): \(text($0.value))" }.joined(separator: ", "))}"
        case .map(.strings(let entries)):
            "{\(entries.map { "\"\(String(decoding: $0.key, as: UTF8.self))\": \(text($0.value))" }.joined(separator: ", "))}"
        case .optional(let content): content.map { "some \(text($0))" } ?? "none"
        case .list, .resource: value.kind
        }
    }

    private static func text(_ shape: Shape) -> String { shape.extents.map(String.init).joined(separator: ",") }
}
