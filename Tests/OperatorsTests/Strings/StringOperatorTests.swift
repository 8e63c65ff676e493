import GraphIR
import Operators
import Tensors
import Testing

@Suite struct StringOperatorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let attributes: [String: Attribute]
        let texts: [String]
        let expected: [String]
        var testDescription: String { "\(name) of \(texts)" }

        init(_ name: String, _ texts: [String], _ expected: [String], _ attributes: [String: Attribute] = [:]) {
            (self.name, self.texts, self.expected, self.attributes) = (name, texts, expected, attributes)
        }
    }

    private static let cases: [Case] = [
        Case("StringLower", ["ÄA", ""], ["Äa", ""]),
        Case("StringLower", ["ÄAΣ"], ["äaς"], ["encoding": .string("utf-8")]),
        Case("StringUpper", ["straße"], ["STRASSE"], ["encoding": .string("utf-8")]),
        Case("StringStrip", [" \t a b \u{B}", "  "], ["a b", ""]),
        Case("EncodeBase64", ["a", "~~?"], ["YQ==", "fn4_"], ["pad": .integer(1)]),
        Case("DecodeBase64", ["YQ", "YQ==", "YR"], ["a", "a", "a"]),
        Case("StaticRegexReplace", ["baac"], ["XbXcX"], ["pattern": .string("a*"), "rewrite": .string("X")]),
        Case(
            "StaticRegexReplace", ["aba"], ["[a]ba"],
            ["pattern": .string("a"), "rewrite": .string("[\\0]"), "replace_global": .integer(0)]),
        Case("StaticRegexReplace", ["ab"], ["ab"], ["pattern": .string("(a)"), "rewrite": .string("\\2")]),
        Case(
            "UnicodeTranscode", ["aé"], ["a??"],
            ["input_encoding": .string("US-ASCII"), "replacement_char": .integer(63), "errors": .string("replace")]),
        Case("AsString", ["ab"], ["   ab"], ["T": TensorFlowCase.type(.string), "width": .integer(5)]),
    ]

    @Test("gives TensorFlow's strings", arguments: cases)
    func strings(_ test: Case) throws {
        let shape = Shape([test.texts.count])
        let result = try TensorFlowCase.run(test.name, values: [TensorFlowCase.strings(test.texts, shape)], test.attributes)
        guard case .strings(let texts) = result[0] else {
            Issue.record("\(result[0].kind)")
            return
        }
        #expect(texts.elements.map { String(decoding: $0, as: UTF8.self) } == test.expected)
    }

    @Test(
        "buckets are those of TensorFlow",
        arguments: [
            (0, 1_936_946_117_179_621_455), (1, 107_802_420_385_376_258), (4, 1_720_235_418_723_337_390), (8, 416_454_844_068_956_798),
            (17, 2_082_709_914_559_524_773), (33, 3_046_993_373_088_323_127), (65, 323_337_772_074_164_025),
            (129, 3_958_089_325_734_133_430),
        ])
    func fastBuckets(_ length: Int, _ bucket: Int) throws {
        let text = TensorFlowCase.strings([String(repeating: "x", count: length)], [1])
        let result = try TensorFlowCase.run("StringToHashBucketFast", values: [text], ["num_buckets": .integer(1 << 62)])
        #expect(result[0].tensorValue.map { Self.integers($0) } == [bucket])
    }

    @Test("strong buckets depend on the key")
    func strongBuckets() throws {
        let text = TensorFlowCase.strings(["", "xxxxxxxx"], [2])
        let result = try TensorFlowCase.run(
            "StringToHashBucketStrong", values: [text], ["num_buckets": .integer(1 << 62), "key": .integers([7, -3])])
        #expect(result[0].tensorValue.map { Self.integers($0) } == [1_729_069_120_854_646_443, 4_157_678_769_830_234_335])
    }

    @Test("a number must be the whole text", arguments: ["", "7 x", "+ 1", "1e", "0x", "1_0", "infinit"])
    func noNumber(_ text: String) {
        #expect(throws: OperatorError.self) {
            try TensorFlowCase.run("StringToNumber", values: [TensorFlowCase.strings([text], [])])
        }
    }

    @Test(
        "refuses what no model may have",
        arguments: [
            ("StaticRegexReplace", ["pattern": Attribute.string("(a")]), ("StringLower", ["encoding": .string("latin")]),
            ("UnicodeDecode", ["input_encoding": .string("no such encoding")]), ("StringToHashBucketFast", ["num_buckets": .integer(0)]),
            ("AsString", ["T": TensorFlowCase.type(.float32), "width": .integer(1 << 30)]), ("Substr", ["unit": .string("WORD")]),
            ("AsString", ["T": TensorFlowCase.type(.int32), "precision": .integer(2)]),
        ] as [(String, [String: Attribute])])
    func refusals(_ name: String, _ attributes: [String: Attribute]) {
        #expect(throws: OperatorError.self) { try TensorFlowCase.make(name, inputs: 1, attributes) }
    }

    @Test("an n-gram padded beyond the run's memory is refused")
    func paddingMemory() throws {
        let op = try #require(
            try TensorFlowCase.make(
                "StringNGrams", inputs: 2, outputs: 2,
                ["ngram_widths": .integers([1 << 30]), "pad_width": .integer(-1), "left_pad": .string("L"), "right_pad": .string("R")])
                as? any DynamicOperator)
        let inputs: [RuntimeValue] = [TensorFlowCase.strings(["a"], [1]), .tensor(Tensor([Int64(0), 1], shape: [2]))]
        let context = EvaluationContext(
            inputs: inputs.map(ValueView.init), outputCount: 2, allowance: MemoryAllowance(byteLimit: 1 << 20))
        #expect(throws: OperatorError.self) { try op.evaluate(context) }
        withExtendedLifetime(inputs) {}
    }

    @Test("white space splits without empty pieces, a separator keeps them")
    func splits() throws {
        func pieces(_ separator: String, _ limit: Int64) throws -> [String] {
            let result = try TensorFlowCase.run(
                "StringSplitV2", values: [TensorFlowCase.strings([" a  b,,c "], [1]), TensorFlowCase.strings([separator], [])],
                ["maxsplit": .integer(limit)])
            guard case .strings(let texts) = result[1] else { return [] }
            return texts.elements.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try pieces("", -1) == ["a", "b,,c"])
        #expect(try pieces("", 1) == ["a", "b,,c "])
        #expect(try pieces(",", -1) == [" a  b", "", "c "])
        #expect(try pieces(",", 0) == [" a  b,,c "])
    }

    static func integers(_ value: TensorValue) -> [Int]? {
        guard case .dense(let tensor) = value else { return nil }
        return tensor.integers
    }
}
