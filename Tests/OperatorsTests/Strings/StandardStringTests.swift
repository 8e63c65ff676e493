import GraphIR
import Operators
import Tensors
import Testing

@Suite("ONNX's operators on strings")
struct StandardStringTests {
    private func run(_ name: String, _ values: [RuntimeValue], _ attributes: [String: Attribute] = [:]) throws -> [RuntimeValue] {
        let made = try makeOperator(
            name, in: StringOperators.spellings + ElementwiseOperators.spellings, inputs: values.count, outputs: 2,
            attributes: attributes)
        let facts = values.compactMap { $0.tensorValue.map { ValueFact($0.spec.type) } }
        let op = try #require(made.fitted(to: facts) as? any DynamicOperator)
        _ = try op.infer(OperatorInputs(facts, outputCount: 2))
        return try withExtendedLifetime(values) {
            try op.evaluate(EvaluationContext(inputs: values.map { ValueView($0) }, outputCount: 2))
        }
    }

    private func words(_ value: RuntimeValue) -> [String]? {
        guard case .strings(let tensor) = value else { return nil }
        return tensor.elements.map { String(decoding: $0, as: UTF8.self) }
    }

    private func numbers(_ value: RuntimeValue) -> [Double]? {
        guard case .tensor(let tensor) = value else { return nil }
        return tensor.numbers
    }

    @Test(
        "splits as Python does",
        arguments: [
            (" a  b c ", "", -1, ["a", "b", "c"]), (" a  b c ", "", 1, ["a", "b c "]), ("a ", "", 1, ["a"]), ("  ", "", -1, []),
            (" a b", "", 0, ["a b"]), ("a,,b", ",", -1, ["a", "", "b"]), ("a,b,c", ",", 1, ["a", "b,c"]), ("", ",", -1, [""]),
            ("a,b", ",", 0, ["a,b"]), ("a->b", "->", -1, ["a", "b"]),
        ] as [(String, String, Int64, [String])])
    func splits(_ text: String, _ delimiter: String, _ limit: Int64, _ expected: [String]) throws {
        let results = try run(
            "StringSplit", [TensorFlowCase.strings([text], [1])], ["delimiter": .string(delimiter), "maxsplit": .integer(limit)])
        #expect(words(results[0]) == expected)
        #expect(numbers(results[1]) == [Double(expected.count)])
    }

    @Test("pads pieces with empty strings")
    func padding() throws {
        let results = try run("StringSplit", [TensorFlowCase.strings(["a b", "c"], [2])])
        #expect(words(results[0]) == ["a", "b", "c", ""])
        #expect(results[0].tensorValue?.shape == [2, 2])
        #expect(try run("StringSplit", [TensorFlowCase.strings([], [0])])[0].tensorValue?.shape == [0, 0])
    }

    @Test("normalizes")
    func normalizer() throws {
        let texts = TensorFlowCase.strings(["monday", "Monday", "straße"], [3])
        func result(_ change: String, _ isSensitive: Int64, _ words: [String] = ["monday"]) throws -> [String]? {
            let attributes: [String: Attribute] = [
                "case_change_action": .string(change), "is_case_sensitive": .integer(isSensitive), "stopwords": .strings(words),
            ]
            return self.words(try run("StringNormalizer", [texts], attributes)[0])
        }
        #expect(try result("UPPER", 1) == ["MONDAY", "STRASSE"])
        #expect(try result("NONE", 0) == ["straße"])
        #expect(try result("LOWER", 0, ["MONDAY", "STRAßE"]) == [""])
    }

    @Test("joins, compares and matches")
    func pairs() throws {
        let texts = TensorFlowCase.strings(["a", "b"], [2]), other = TensorFlowCase.strings(["b"], [1])
        #expect(words(try run("StringConcat", [texts, other])[0]) == ["ab", "bb"])
        #expect(numbers(try run("Equal", [texts, other])[0]) == [0, 1])
        #expect(numbers(try run("RegexFullMatch", [texts], ["pattern": .string("[b-z]+")])[0]) == [0, 1])
    }

    @Test("writes numbers as NumPy does")
    func writing() throws {
        let floats = RuntimeValue.tensor(
            Tensor([0.47892547, 3, 1e-4, 1.5e-7, -0.0, 16_777_216, 1e16, -.infinity, .nan] as [Float], shape: [9]))
        #expect(
            words(try run("Cast", [floats], ["to": .integer(8)])[0])
                == ["0.47892547", "3.0", "0.0001", "1.5e-07", "-0.0", "16777216.0", "1e+16", "-inf", "nan"])
        let half = RuntimeValue.tensor(Tensor([0.1, 2049, 65504], .float16, [3]))
        #expect(words(try run("Cast", [half], ["to": .integer(8)])[0]) == ["0.1", "2048.0", "65500.0"])
        #expect(words(try run("CastLike", [.tensor(Tensor([true], shape: [1])), TensorFlowCase.strings(["x"], [1])])[0]) == ["True"])
    }

    @Test(
        "reads numbers",
        arguments: [
            (1, ["3.14", "-INF", " 1E8 "], [3.14, -.infinity, 1e8]),
            (7, ["100.5", "-9007199254740993"], [100, -9_007_199_254_740_992]),
            (9, ["0", "true"], [0, 1]), (10, ["0.5"], [0.5]),
        ] as [(Int64, [String], [Double])])
    func reading(_ type: Int64, _ texts: [String], _ expected: [Double]) throws {
        let result = try run("Cast", [TensorFlowCase.strings(texts, [texts.count])], ["to": .integer(type)])
        #expect(numbers(result[0]).map { $0.map { Float($0) } } == expected.map { Float($0) })
        #expect(throws: OperatorError.self) { try run("Cast", [TensorFlowCase.strings(["Hello"], [])], ["to": .integer(type)]) }
    }

    @Test(
        "counts n-grams",
        arguments: [
            ("TF", 0, [0, 0, 0, 0, 1, 1, 1]), ("TF", 5, [0, 0, 0, 0, 1, 3, 1]), ("IDF", 5, [0, 0, 0, 0, 2, 3, 4]),
            ("TFIDF", 5, [0, 0, 0, 0, 2, 9, 4]),
        ] as [(String, Int64, [Double])])
    func grams(_ mode: String, _ skips: Int64, _ expected: [Double]) throws {
        let items = RuntimeValue.tensor(Tensor([1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8] as [Int32], shape: [12]))
        let result = try run(
            "TfIdfVectorizer", [items],
            [
                "mode": .string(mode), "min_gram_length": .integer(2), "max_gram_length": .integer(2),
                "max_skip_count": .integer(skips),
                "ngram_counts": .integers([0, 4]), "ngram_indexes": .integers([0, 1, 2, 3, 4, 5, 6]),
                "pool_int64s": .integers([2, 3, 5, 4, 5, 6, 7, 8, 6, 7]), "weights": .floats([1, 1, 1, 1, 2, 3, 4]),
            ])
        #expect(numbers(result[0]) == expected)
    }
}
