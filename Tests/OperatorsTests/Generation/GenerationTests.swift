import GraphIR
import Operators
import Tensors
import Testing

@Suite("Constant, ConstantOfShape, Range")
struct GenerationTests {
    static func make(_ name: String, _ attributes: [String: Attribute] = [:]) throws -> any Operator {
        try makeOperator(name, in: GenerationOperators.spellings, inputs: 0, attributes: attributes)
    }

    @Test(
        "reads a constant in each of its forms",
        arguments: [
            ("value", .tensor(Tensor([1, 2], .int8, [2])), "int8[2]", [1, 2]),
            ("value_float", .float(1.5), "float32[]", [1.5]), ("value_int", .integer(-7), "int64[]", [-7]),
            ("value_floats", .floats([0.5, 2]), "float32[2]", [0.5, 2]),
            ("value_ints", .integers([3, 4, 5]), "int64[3]", [3, 4, 5]),
        ] as [(String, Attribute, String, [Double])])
    func forms(_ name: String, _ attribute: Attribute, _ type: String, _ values: [Double]) throws {
        let op = try Self.make("Constant", [name: attribute])
        let fact = try #require(try op.infer(OperatorInputs([]))[0].constant)
        #expect(fact.spec.description == type && fact.numbers == values)
        let kernel = try op.compile(CompileContext(inputs: [], outputs: [fact.spec], constants: []))
        guard case .kernel = kernel.body else {
            Issue.record("no kernel")
            return
        }
    }

    @Test("gives constants of strings")
    func texts() throws {
        #expect(try Self.make("Constant", ["value_string": .string("a")]).infer(OperatorInputs([]))[0].strings?.elements == [[97]])
        let list = try Self.make("Constant", ["value_strings": .strings(["a", "b"])])
        #expect(try list.infer(OperatorInputs([]))[0].strings?.shape == [2])
    }

    @Test("refuses sparse constants and none at all")
    func constantRefusals() {
        expectRefusal(["sparse_value", "not supported"]) { _ = try Self.make("Constant", ["sparse_value": .integer(1)]) }
        expectRefusal(["value", "missing"]) { _ = try Self.make("Constant") }
    }

    @Test("fills a shape with a value of any type", arguments: ElementType.movable)
    func constantOfShape(_ type: ElementType) throws {
        let op = try Self.make("ConstantOfShape", ["value": .tensor(Tensor([1], type, [1]))])
        let result = try evaluate(op, [integers([2, 3])])[0]
        #expect(result.spec == TensorSpec(type, [2, 3]) && result.numbers == [1, 1, 1, 1, 1, 1])
    }

    @Test("fills with float zeros by default, also scalars and empty shapes")
    func defaults() throws {
        let op = try Self.make("ConstantOfShape")
        #expect(try evaluate(op, [integers([2])])[0].numbers == [0, 0])
        #expect(try evaluate(op, [integers([])])[0].shape == [])
        #expect(try evaluate(op, [integers([3, 0])])[0].shape == [3, 0])
    }

    @Test("refuses shapes that cannot be")
    func shapeRefusals() throws {
        let op = try Self.make("ConstantOfShape")
        expectRefusal(["negative"]) { _ = try evaluate(op, [integers([2, -1])]) }
        expectRefusal(["elements"]) { _ = try evaluate(op, [integers([.max, .max])]) }
        expectRefusal(["value", "[2]"]) { _ = try Self.make("ConstantOfShape", ["value": .tensor(integers([1, 2]))]) }
        let unknown = try op.infer(OperatorInputs([ValueFact(.int64, [3] as Shape)]))[0]
        #expect(unknown.rank == 3)
    }

    @Test(
        "counts from start in steps of delta",
        arguments: [
            (0, 5, 1, [0, 1, 2, 3, 4]), (10, 4, -2, [10, 8, 6]), (1, 1, 1, []), (3, 1, 1, []), (0, 7, 3, [0, 3, 6]),
        ] as [(Double, Double, Double, [Double])])
    func range(_ start: Double, _ limit: Double, _ delta: Double, _ expected: [Double]) throws {
        for type in [ElementType.float32, .float64, .int16, .int32, .int64] {
            let inputs = [start, limit, delta].map { Tensor([$0], type, []) }
            let result = try evaluate(Self.make("Range"), inputs, constants: [0, 1, 2])[0]
            #expect(result.elementType == type && result.numbers == expected, "\(type)")
        }
    }

    @Test("counts fractions up to what lies before the limit")
    func fractions() throws {
        let inputs = [1, 2, 0.375].map { Tensor([$0], .float32, []) }
        #expect(try evaluate(Self.make("Range"), inputs, constants: [0, 1, 2])[0].numbers == [1, 1.375, 1.75])
    }

    @Test("refuses endless and enormous ranges")
    func rangeRefusals() throws {
        func run(_ values: [Int]) throws {
            _ = try evaluate(Self.make("Range"), values.map { integers([$0], shape: []) })
        }
        expectRefusal(["delta is 0"]) { try run([0, 5, 0]) }
        expectRefusal(["elements"]) { try run([.min, .max, 1]) }
        let floats = [0, Double.infinity, 1].map { Tensor([$0], .float32, []) }
        expectRefusal(["no finite range"]) { _ = try evaluate(Self.make("Range"), floats, constants: [0, 1, 2]) }
        expectRefusal(["input 1", "int32"]) {
            _ = try evaluate(Self.make("Range"), [integers([0], shape: []), Tensor([1], .int32, []), integers([1], shape: [])])
        }
    }

    @Test("answers an unknown length while its ends come from data")
    func unknown() throws {
        let fact = ValueFact(.int64, Shape.scalar)
        #expect(try Self.make("Range").infer(OperatorInputs([fact, fact, fact]))[0].shape == SymbolicShape([.unknown]))
    }
}
