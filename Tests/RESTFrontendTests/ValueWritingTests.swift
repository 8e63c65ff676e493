import GraphIR
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Tensors
import Testing

/// Outputs that are no tensors: sequences, maps, optionals.
@Suite("value writing")
struct ValueWritingTests {
    private static func number(_ value: Float) -> RuntimeValue { .tensor(Tensor(scalar: value)) }

    private static func list(_ values: [Float]) -> RuntimeValue { .tensor(Tensor(values, shape: Shape([values.count]))) }

    private static func words(_ words: [String]) -> RuntimeValue {
        .strings(StringTensor(shape: [words.count], elements: words.map { Array($0.utf8) }))
    }

    private static func map(_ entries: [(String, RuntimeValue)]) -> RuntimeValue {
        .map(.strings(entries.map { (Array($0.0.utf8), $0.1) }))
    }

    private static let probabilities = RuntimeValue.sequence([
        map([("a \"b\"", number(0.25)), ("é", number(0.75))]), map([("a \"b\"", number(1)), ("é", number(0))]),
    ])

    private static func text(_ outputs: [(String, RuntimeValue)], _ format: TensorFormat) throws(ServableError) -> String {
        let parameters = outputs.map { Signature.Parameter(name: $0.0, valueName: $0.0, type: TensorType(.float32, nil)) }
        let values = outputs.map(\.1)
        var buffer = ByteBuffer()
        try TensorPayload(parameters, CallOutputs(values), format: format).append(to: &buffer)
        withExtendedLifetime(values) {}
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let text: String
        let format: TensorFormat
        let outputs: [(String, RuntimeValue)]
        var testDescription: String { text }
    }

    static let cases: [Case] = [
        Case(
            text: #""predictions":[{"label":"x","p":{"a \"b\"":0.25,"é":0.75}},{"label":"y","p":{"a \"b\"":1.0,"é":0.0}}]"#, format: .row,
            outputs: [("p", probabilities), ("label", words(["x", "y"]))]),
        Case(
            text: #""outputs":{"label":["x","y"],"p":[{"a \"b\"":0.25,"é":0.75},{"a \"b\"":1.0,"é":0.0}]}"#, format: .columnar,
            outputs: [("p", probabilities), ("label", words(["x", "y"]))]),
        Case(
            text: #""predictions":[{"a \"b\"":0.25,"é":0.75},{"a \"b\"":1.0,"é":0.0}]"#, format: .row, outputs: [("p", probabilities)]),
        Case(
            text: #""outputs":{"-1":[1.0,2.0],"9223372036854775807":"w"}"#, format: .columnar,
            outputs: [
                (
                    "m",
                    .map(
                        .integers([
                            (key: Int64(-1), value: list([1, 2])),
                            (key: Int64.max, value: .strings(StringTensor(shape: .scalar, elements: [[0x77]]))),
                        ]))
                )
            ]),
        Case(
            text: #""outputs":[[1.0],[],[2.0,3.0]]"#, format: .columnar, outputs: [("s", .sequence([list([1]), list([]), list([2, 3])]))]),
        Case(text: #""predictions":[[1.0],[2.0,3.0]]"#, format: .row, outputs: [("s", .sequence([list([1]), list([2, 3])]))]),
        Case(text: #""outputs":[]"#, format: .columnar, outputs: [("s", .sequence([]))]),
        Case(text: #""predictions":[]"#, format: .row, outputs: [("s", .sequence([]))]),
        Case(text: #""outputs":null"#, format: .columnar, outputs: [("o", .optional(nil))]),
        Case(text: #""outputs":{"o":[1.0],"p":null}"#, format: .columnar, outputs: [("o", .optional(list([1]))), ("p", .optional(nil))]),
        Case(text: #""predictions":[1.0,2.0]"#, format: .row, outputs: [("o", .optional(list([1, 2])))]),
        Case(
            text: #""outputs":[{"b64":"YQ=="}]"#, format: .columnar,
            outputs: [("s_bytes", .sequence([.strings(StringTensor(shape: .scalar, elements: [[0x61]]))]))]),
    ]

    @Test("writes lists, objects and null", arguments: cases)
    func writes(_ entry: Case) throws { #expect(try Self.text(entry.outputs, entry.format) == entry.text) }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let outputs: [(String, RuntimeValue)]
        let words: String
    }

    static let refusals: [Refusal] = [
        Refusal(testDescription: "a map has no rows", outputs: [("m", map([]))], words: "output \"m\" is map of 0, which has no rows"),
        Refusal(
            testDescription: "nor has nothing", outputs: [("o", .optional(nil))], words: "output \"o\" is empty optional, which has no rows"
        ),
        Refusal(
            testDescription: "sequences of other lengths than there are rows", outputs: [("a", list([1, 2, 3])), ("p", probabilities)],
            words: "Tensor name: p has inconsistent batch size: 2 expecting: 3"),
        Refusal(
            testDescription: "complex numbers inside",
            outputs: [("s", .sequence([.tensor(Tensor([Complex<Float>(1)], shape: [1]))]))],
            words: "Failed to write JSON value for tensor type"),
        Refusal(
            testDescription: "a list of a loop", outputs: [("l", .sequence([.list(TensorList(TensorType(.float32, nil)))]))],
            words: "output \"l\" is list of 0 float32[…], which has no form in JSON"),
    ]

    @Test("refuses what has no rows or no form", arguments: refusals)
    func refuses(_ entry: Refusal) throws {
        let error = try #require(throws: ServableError.self) { try Self.text(entry.outputs, .row) }
        #expect(error.message.contains(entry.words), "\(error.message)")
    }
}
