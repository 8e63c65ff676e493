import GraphIR
import Operators
import Tensors
import Testing

/// Expected tokens are those of onnxruntime.
@Suite("Tokenizer of com.microsoft")
struct TokenizerTests {
    private static let texts = ["a b,c", "", "ünï x", "a,,b"]

    private func run(_ attributes: [String: Attribute], _ texts: [String], _ shape: Shape) throws -> StringTensor {
        let node = SourceNode(
            name: "node", domain: "com.microsoft", operatorName: "Tokenizer", version: 1, inputs: ["x"], outputs: ["y"],
            attributes: attributes.merging(["pad_value": .string("#")]) { own, _ in own })
        let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .onnx))
        let op = try #require(try spelling.make(AttributeReader(node)) as? any DynamicOperator)
        let input = RuntimeValue.strings(StringTensor(shape: shape, elements: texts.map { Array($0.utf8) }))
        let results = try withExtendedLifetime(input) { try op.evaluate(EvaluationContext(inputs: [ValueView(input)], outputCount: 1)) }
        guard case .strings(let result)? = results.first else { throw OperatorError.invalidValue("gives no strings") }
        return result
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let attributes: [String: Attribute]
        let expected: [[String]]
        var testDescription: String { attributes.keys.sorted().joined(separator: ", ") }
    }

    static let separators = Attribute.strings([",", " "])
    static let cases = [
        Case(
            attributes: ["mark": .integer(1), "separators": separators, "mincharnum": .integer(1)],
            expected: [
                ["\u{2}", "a", "b", "c", "\u{3}"], ["\u{2}", "\u{3}", "#", "#", "#"], ["\u{2}", "ünï", "x", "\u{3}", "#"],
                ["\u{2}", "a", "b", "\u{3}", "#"],
            ]),
        Case(
            attributes: ["separators": separators, "mincharnum": .integer(2)], expected: [["#"], ["#"], ["ünï"], ["#"]]),
        Case(
            attributes: ["separators": .strings([""]), "mincharnum": .integer(1)],
            expected: [
                ["a", " ", "b", ",", "c"], ["#", "#", "#", "#", "#"], ["ü", "n", "ï", " ", "x"], ["a", ",", ",", "b", "#"],
            ]),
        Case(
            attributes: ["tokenexp": .string("[a-c]+"), "mincharnum": .integer(1)],
            expected: [["a", "b", "c"], ["#", "#", "#"], ["#", "#", "#"], ["a", "b", "#"]]),
        Case(attributes: ["tokenexp": .string("[a-c]+"), "mincharnum": .integer(2)], expected: [[], [], [], []]),
        Case(attributes: ["separators": .strings(["x*"]), "mark": .integer(1)], expected: [[], [], [], []]),
    ]

    @Test("cuts by separators, expressions and characters, and pads", arguments: cases)
    func cuts(_ entry: Case) throws {
        let result = try run(entry.attributes, Self.texts, [2, 2])
        #expect(result.shape == [2, 2, entry.expected[0].count])
        #expect(result.elements.map { String(decoding: $0, as: UTF8.self) } == entry.expected.flatMap { $0 })
    }

    @Test("no strings give no tokens")
    func empty() throws {
        #expect(try run(["tokenexp": .string("a")], [], [0]).shape == [0, 0])
    }

    @Test("refuses what is no rule, and bytes that are no text")
    func refusals() {
        for (attributes, part) in [
            ([:], "one or the other"), (["separators": .strings(["a"]), "tokenexp": .string("b")], "one or the other"),
            (["separators": .strings(["a", ""])], "empty"), (["tokenexp": .string("(")], "Invalid pattern"),
            (["separators": .strings([""]), "mincharnum": .integer(2)], "mincharnum"),
            (["tokenexp": .string("a"), "mincharnum": .integer(0)], "mincharnum"),
        ] as [([String: Attribute], String)] {
            expectRefusal([part]) { _ = try run(attributes, Self.texts, [4]) }
        }
        expectRefusal(["1 or 2 axes"]) { _ = try run(["tokenexp": .string("a")], Self.texts, [1, 2, 2]) }
    }
}
