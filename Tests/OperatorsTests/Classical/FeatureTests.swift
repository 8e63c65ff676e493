import GraphIR
import Operators
import Tensors
import Testing

@Suite("Scaler, Normalizer, Binarizer, Imputer, ArrayFeatureExtractor, OneHotEncoder")
struct FeatureTests {
    @Test("shifts and scales, all features alike or each by itself", arguments: classicalTypes)
    func scaler(_ type: ElementType) throws {
        let table = Tensor([1, 2, 3, 4, 5, 6], type, [2, 3])
        let each = try classical("Scaler", ["offset": .floats([1, 0, -1]), "scale": .floats([2, 0.5, 1])])
        #expect(try evaluate(each, [table])[0].numbers == [0, 1, 4, 6, 2.5, 7])
        let all = try classical("Scaler", ["offset": .floats([1]), "scale": .floats([0.5])])
        #expect(try evaluate(all, [table])[0].numbers == [0, 0.5, 1, 1.5, 2, 2.5])
        expectRefusal(["3 features", "expected 2"]) {
            _ = try evaluate(classical("Scaler", ["offset": .floats([1, 2]), "scale": .floats([1, 2])]), [table])
        }
        expectRefusal(["offset"]) { _ = try classical("Scaler", ["offset": .floats([1])]) }
    }

    @Test(
        "brings rows to length 1; a row of norm 0 stays",
        arguments: [
            ("MAX", [0.75, -1, 1, 0, 0, 0]), ("L1", [0.3, -0.4, 0.3, 0, 0, 0]), ("L2", [0.6, -0.8, 0, 0, 0, 0]),
        ] as [(String, [Double])])
    func normalizer(_ norm: String, _ expected: [Double]) throws {
        let rows: [Double] = norm == "L2" ? [3, -4, 0, 0, 0, 0] : norm == "L1" ? [3, -4, 3, 0, 0, 0] : [3, -4, 4, 0, 0, 0]
        for type in classicalTypes {
            let result = try evaluate(classical("Normalizer", ["norm": .string(norm)]), [Tensor(rows, type, [2, 3])])[0]
            #expect(result.elementType == .float32)
            expectNumbers(result, expected, relative: 1e-6, "\(type)")
        }
        expectRefusal(["norm", "\"L3\""]) { _ = try classical("Normalizer", ["norm": .string("L3")]) }
    }

    @Test("tells what is over a threshold", arguments: classicalTypes)
    func binarizer(_ type: ElementType) throws {
        let result = try evaluate(classical("Binarizer", ["threshold": .float(1)]), [Tensor([0, 1, 2, 3], type, [2, 2])])[0]
        #expect(result.elementType == type && result.numbers == [0, 0, 1, 1])
    }

    @Test("puts values in place of missing ones")
    func imputer() throws {
        let floats = try classical(
            "Imputer", ["imputed_value_floats": .floats([7, 8]), "replaced_value_float": .float(.nan)])
        for type in [ElementType.float32, .float64] {
            #expect(try evaluate(floats, [Tensor([.nan, 1, 2, .nan], type, [2, 2])])[0].numbers == [7, 1, 2, 8])
        }
        let integers = try classical(
            "Imputer", ["imputed_value_int64s": .integers([9]), "replaced_value_int64": .integer(-1)])
        for type in [ElementType.int32, .int64] {
            #expect(try evaluate(integers, [Tensor([-1, 1, 2, -1], type, [2, 2])])[0].numbers == [9, 1, 2, 9])
        }
        expectRefusal(["is int64", "floats"]) { _ = try evaluate(floats, [Tensor([1, 2], .int64, [1, 2])]) }
        expectRefusal(["3 features", "expected 2"]) { _ = try evaluate(floats, [Tensor([1, 2, 3], .float32, [1, 3])]) }
        expectRefusal(["imputed_value_floats"]) { _ = try classical("Imputer", [:]) }
    }

    @Test("extracts features", arguments: ElementType.movable)
    func arrayFeatureExtractor(_ type: ElementType) throws {
        let table = Grid(counting: [2, 4], modulo: type == .bool ? 2 : 50), op = try classical("ArrayFeatureExtractor", [:])
        let result = try evaluate(op, [table.tensor(type), integers([3, 0, 3], shape: [1, 3])])[0]
        #expect(Grid(result) == Grid([2, 3]) { table[[$0[0], [3, 0, 3][$0[1]]]] })
        #expect(try evaluate(op, [table.tensor(type).reshaped([8]), integers([1])])[0].shape == [1, 1])
        expectRefusal(["index 4", "axis 1"]) { _ = try evaluate(op, [table.tensor(type), integers([4])]) }
    }

    @Test("extracts features that are strings, as pipelines do to name a class")
    func stringFeatures() throws {
        let names = TensorFlowCase.strings(["a", "b", "c"], [3]), chosen = RuntimeValue.tensor(integers([2, 0], shape: [2]))
        let facts = [ValueFact(.string, [3] as Shape), ValueFact(.int64, [2] as Shape)]
        let op = try #require(try classical("ArrayFeatureExtractor", [:]).fitted(to: facts) as? any DynamicOperator)
        #expect(try op.infer(OperatorInputs(facts))[0].type == TensorSpec(.string, [1, 2]).type)
        let result = try withExtendedLifetime((names, chosen)) {
            try op.evaluate(EvaluationContext(inputs: [ValueView(names), ValueView(chosen)], outputCount: 1))[0]
        }
        guard case .strings(let tensor) = result else {
            Issue.record("\(result.kind) is no tensor of strings")
            return
        }
        #expect(tensor.elements == [Array("c".utf8), Array("a".utf8)] && tensor.shape == [1, 2])
    }

    @Test("encodes categories", arguments: classicalTypes)
    func oneHotEncoder(_ type: ElementType) throws {
        let numbers = Tensor([3, 1, 9], type, [3])
        let lenient = try classical("OneHotEncoder", ["cats_int64s": .integers([1, 2, 3])])
        let result = try evaluate(lenient, [numbers])[0]
        #expect(result.shape == [3, 3] && result.numbers == [0, 0, 1, 1, 0, 0, 0, 0, 0])
        let strict = try classical("OneHotEncoder", ["cats_int64s": .integers([1, 2, 3]), "zeros": .integer(0)])
        expectRefusal(["element 2", "3 categories"]) { _ = try evaluate(strict, [numbers]) }
        expectRefusal(["cats_int64s", "no categories"]) { _ = try classical("OneHotEncoder", [:]) }
    }
}
