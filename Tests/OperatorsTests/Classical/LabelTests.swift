import GraphIR
import Operators
import Tensors
import Testing

@Suite("LabelEncoder, CategoryMapper, ZipMap, DictVectorizer, CastMap, string labels")
struct LabelTests {
    private func run(_ op: any Operator, _ value: RuntimeValue, outputs: Int = 1) throws -> [RuntimeValue] {
        let dynamic = try #require(op as? any DynamicOperator)
        return try withExtendedLifetime(value) {
            try dynamic.evaluate(EvaluationContext(inputs: [ValueView(value)], outputCount: outputs))
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

    @Test("replaces keys by values")
    func encoder() throws {
        let texts = TensorFlowCase.strings(["b", "z", "a"], [3])
        let numbering = try classical(
            "LabelEncoder", ["keys_strings": .strings(["a", "b"]), "values_int64s": .integers([5, 6]), "default_int64": .integer(9)])
        #expect(numbers(try run(numbering, texts)[0]) == [6, 9, 5])
        let naming = try classical(
            "LabelEncoder", ["keys_floats": .floats([.nan, 1, 1]), "values_strings": .strings(["none", "first", "last"])])
        #expect(words(try run(naming, .tensor(Tensor([1, -Float.nan, 2], shape: [3])))[0]) == ["last", "none", "_Unused"])
        let older = try classical(
            "LabelEncoder", ["keys_floats": .floats([.nan, 1]), "values_strings": .strings(["none", "one"])], version: 2)
        #expect(words(try run(older, .tensor(Tensor([1, Float.nan], shape: [2])))[0]) == ["one", "_Unused"])
        let tensors = try classical(
            "LabelEncoder",
            [
                "keys_tensor": .tensor(.dense(Tensor([Int16(1), 2], shape: [2]))),
                "values_tensor": .tensor(.dense(Tensor([0.5, 1.5], shape: [2]))),
            ])
        #expect(numbers(try run(tensors, .tensor(Tensor([Int16(2), 7], shape: [2])))[0]) == [1.5, 0])
        expectRefusal(["3 elements for 1 keys"]) {
            _ = try classical("LabelEncoder", ["keys_int64s": .integers([1]), "values_int64s": .integers([1, 2, 3])])
        }
    }

    @Test("numbers strings and names numbers", arguments: ["LabelEncoder", "CategoryMapper"])
    func numbering(_ name: String) throws {
        let op = try classical(
            name,
            [
                "classes_strings": .strings(["x", "y"]), "cats_strings": .strings(["x", "y"]), "cats_int64s": .integers([0, 1]),
                "default_int64": .integer(-7), "default_string": .string("?"),
            ], version: 1)
        #expect(numbers(try run(op, TensorFlowCase.strings(["y", "q"], [2]))[0]) == [1, -7])
        #expect(words(try run(op, .tensor(Tensor([Int64(0), 2], shape: [2])))[0]) == ["x", "?"])
    }

    @Test("puts tables into maps and maps into tables")
    func maps() throws {
        let zip = try classical("ZipMap", ["classlabels_int64s": .integers([7, 3])])
        let result = try run(zip, .tensor(Tensor([0.25, 0.75] as [Float], shape: [1, 2])))[0]
        guard case .sequence(let maps) = result, maps.count == 1, let map = maps.first else {
            Issue.record("\(result.kind)")
            return
        }
        let places = try classical("DictVectorizer", ["int64_vocabulary": .integers([1, 3, 7])])
        #expect(numbers(try run(places, map)[0]) == [0, 0.75, 0.25])
        #expect(numbers(try run(classical("CastMap", [:]), map)[0]) == [0.75, 0.25])
        let sparse = try classical(
            "CastMap", ["cast_to": .string("TO_STRING"), "map_form": .string("SPARSE"), "max_map": .integer(8)])
        #expect(words(try run(sparse, map)[0]) == ["", "", "", "0.75", "", "", "", "0.25"])
        #expect(throws: OperatorError.self) { try run(classical("DictVectorizer", ["int64_vocabulary": .integers([1])]), map) }
    }

    @Test("classifiers answer with strings")
    func names() throws {
        let op = try classical(
            "LinearClassifier",
            [
                "coefficients": .floats([1, 0, 0, 1]), "intercepts": .floats([0, 0]),
                "classlabels_strings": .strings(["left", "right"]),
            ])
        let results = try run(op, .tensor(Tensor([3, 1, 0, 2] as [Float], shape: [2, 2])), outputs: 2)
        #expect(words(results[0]) == ["left", "right"])
        #expect(numbers(results[1]) == [3, 1, 0, 2])
    }

    @Test("encodes categories that are strings")
    func categories() throws {
        let op = try classical("OneHotEncoder", ["cats_strings": .strings(["a", "b"])])
        #expect(numbers(try run(op, TensorFlowCase.strings(["b", "c"], [2]))[0]) == [0, 1, 0, 0])
    }

    @Test("joins tables of features")
    func features() throws {
        let op = try classical("FeatureVectorizer", ["inputdimensions": .integers([1, 3])])
        let result = try evaluate(op, [Tensor([1, 2, 3, 4], .int64, [2, 2]), Tensor([5, 6, 7, 8], .int64, [2, 2])])[0]
        #expect(result.elementType == .float32 && result.shape == [2, 4] && result.numbers == [1, 5, 6, 0, 3, 7, 8, 0])
    }
}
