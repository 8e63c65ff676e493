import GraphIR
import Operators
import Tensors
import Testing

/// An operator of ONNX by name, run by itself over values of any kind.
private struct ObjectOperator {
    let op: any DynamicOperator

    init(_ name: String, _ attributes: [String: Attribute] = [:], version: Int = 20, inputs: Int = 1, outputs: Int = 1) throws {
        let node = SourceNode(
            name: "node", operatorName: name, version: version, inputs: (0..<inputs).map { "in\($0)" },
            outputs: (0..<outputs).map { "out\($0)" }, attributes: attributes)
        let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .onnx), "\(name)")
        op = try #require(try spelling.make(AttributeReader(node)) as? any DynamicOperator)
    }

    func run(_ inputs: [RuntimeValue?], outputs: Int = 1, subgraphs: [any SubgraphRunner] = []) throws -> [RuntimeValue] {
        try withExtendedLifetime(inputs) {
            let views = inputs.map { $0.map(ValueView.init) }
            return try op.evaluate(EvaluationContext(inputs: views, outputCount: outputs, subgraphs: subgraphs))
        }
    }

    func infer(_ inputs: [ValueFact?], outputs: Int = 1) throws -> ValueType {
        try #require(try op.infer(OperatorInputs(inputs, outputCount: outputs)).first).valueType
    }
}

/// A subgraph made of code over values of any kind.
private struct ObjectSubgraph: SubgraphRunner, Sendable {
    var outputFacts: [ValueFact] = []
    let body: @Sendable ([RuntimeValue]) throws -> [RuntimeValue]

    func run(_ inputs: [ValueView]) throws -> [RuntimeValue] {
        try body(try inputs.map { try $0.owned(allowance: nil) })
    }
}

private func floats(_ values: [Float], _ shape: Shape? = nil) -> RuntimeValue {
    .tensor(Tensor(values, shape: shape ?? [values.count]))
}

private func position(_ value: Int64) -> RuntimeValue { .tensor(Tensor(scalar: value)) }

private func values(_ value: RuntimeValue) throws -> [Float] {
    guard case .tensor(let tensor) = value, tensor.elementType == .float32 else { throw OperatorError.invalidValue("is \(value.kind)") }
    return tensor.values()
}

private func elements(_ value: RuntimeValue) throws -> [RuntimeValue] {
    guard case .sequence(let elements) = value else { throw OperatorError.invalidValue("is \(value.kind)") }
    return elements
}

@Suite("Sequences")
struct SequenceTests {
    private let three = RuntimeValue.sequence([floats([1]), floats([2, 3]), floats([4])])

    @Test(
        "inserts at positions from both ends",
        arguments: [
            (nil, [[1], [2, 3], [4], [9]]), (0, [[9], [1], [2, 3], [4]]), (3, [[1], [2, 3], [4], [9]]),
            (-1, [[1], [2, 3], [9], [4]]), (-3, [[9], [1], [2, 3], [4]]),
        ] as [(Int64?, [[Float]])])
    func insert(_ place: Int64?, _ expected: [[Float]]) throws {
        let result = try ObjectOperator("SequenceInsert", inputs: 3).run([three, floats([9]), place.map(position)])
        #expect(try elements(result[0]).map(values) == expected)
    }

    @Test("erases and reads elements, and counts them")
    func access() throws {
        let erased = try ObjectOperator("SequenceErase", inputs: 2).run([three, position(-2)])
        #expect(try elements(erased[0]).map(values) == [[1], [4]])
        let last = try ObjectOperator("SequenceErase").run([three])
        #expect(try elements(last[0]).map(values) == [[1], [2, 3]])
        #expect(try values(ObjectOperator("SequenceAt", inputs: 2).run([three, position(1)])[0]) == [2, 3])
        guard case .tensor(let length) = try ObjectOperator("SequenceLength").run([three])[0] else { throw OperatorError.stopped }
        #expect(length.values(Int64.self) == [3] && length.shape == [])
    }

    @Test("refuses positions outside", arguments: ["SequenceErase", "SequenceAt", "SequenceInsert"], [4, -4, .min, .max] as [Int64])
    func positions(_ name: String, _ place: Int64) throws {
        let inputs = name == "SequenceInsert" ? [three, floats([1]), position(place)] : [three, position(place)]
        #expect(throws: OperatorError.self) { try ObjectOperator(name, inputs: inputs.count).run(inputs) }
    }

    @Test("the type of a sequence is what holds of all elements")
    func types() throws {
        let construct = try ObjectOperator("SequenceConstruct", inputs: 2)
        let type = try construct.infer([ValueFact(.float32, [2, 3] as Shape), ValueFact(.float32, [2, 4] as Shape)])
        #expect(type == .sequence(.tensor(TensorType(.float32, SymbolicShape([.known(2), .unknown])))))
        #expect(throws: OperatorError.self) { try construct.infer([ValueFact(.float32, [2] as Shape), ValueFact(.int64, [2] as Shape)]) }
        #expect(
            try ObjectOperator("SequenceEmpty", ["dtype": .integer(7)], inputs: 0).infer([]) == .sequence(.tensor(TensorType(.int64, nil))))
        #expect(throws: OperatorError.self) { try ObjectOperator("SequenceAt", inputs: 2).infer([ValueFact(.float32, [2] as Shape), nil]) }
    }

    @Test(
        "splits along an axis",
        arguments: [
            (0, 1, nil, [[1, 2, 3], [4, 5, 6]]), (1, 0, nil, [[1, 4], [2, 5], [3, 6]]), (-1, 1, [2, 1], [[1, 2, 4, 5], [3, 6]]),
            (1, 1, [0, 3], [[], [1, 2, 3, 4, 5, 6]]),
        ] as [(Int64, Int64, [Int64]?, [[Float]])])
    func split(_ axis: Int64, _ keep: Int64, _ lengths: [Int64]?, _ expected: [[Float]]) throws {
        let op = try ObjectOperator("SplitToSequence", ["axis": .integer(axis), "keepdims": .integer(keep)], inputs: 2)
        let data = floats([1, 2, 3, 4, 5, 6], [2, 3])
        let result = try op.run([data, lengths.map { .tensor(Tensor($0, shape: [$0.count])) }])
        #expect(try elements(result[0]).map(values) == expected)
    }

    @Test("a single length leaves a shorter part")
    func chunks() throws {
        let op = try ObjectOperator("SplitToSequence", inputs: 2)
        #expect(try elements(op.run([floats([1, 2, 3, 4, 5]), position(2)])[0]).map(values) == [[1, 2], [3, 4], [5]])
        #expect(throws: OperatorError.self) { try op.run([floats([1, 2]), position(0)]) }
        #expect(throws: OperatorError.self) { try op.run([floats([1, 2]), .tensor(Tensor([1, 2] as [Int64], shape: [2]))]) }
    }

    @Test("concatenates along an axis and stacks along a new one")
    func concatenation() throws {
        let parts = RuntimeValue.sequence([floats([1, 2], [2, 1]), floats([3, 4, 5, 6], [2, 2])])
        let joined = try ObjectOperator("ConcatFromSequence", ["axis": .integer(1)])
        #expect(try values(joined.run([parts])[0]) == [1, 3, 4, 2, 5, 6])
        #expect(throws: OperatorError.self) { try ObjectOperator("ConcatFromSequence", ["axis": .integer(0)]).run([parts]) }
        #expect(throws: OperatorError.self) { try joined.run([.sequence([])]) }
        let pairs = RuntimeValue.sequence([floats([1, 2]), floats([3, 4])])
        let stacked = try ObjectOperator("ConcatFromSequence", ["axis": .integer(-1), "new_axis": .integer(1)])
        #expect(try values(stacked.run([pairs])[0]) == [1, 3, 2, 4])
    }

    @Test("maps the elements of sequences beside a tensor")
    func map() throws {
        let adding = ObjectSubgraph { inputs in
            [floats(zip(try values(inputs[0]), try values(inputs[1])).map { $0 + $1 })]
        }
        let op = try ObjectOperator("SequenceMap", inputs: 2)
        let one = try op.run([.sequence([floats([1]), floats([2])]), floats([10])], subgraphs: [adding])
        #expect(try elements(one[0]).map(values) == [[11], [12]])
        let two = try op.run([.sequence([floats([1]), floats([2])]), .sequence([floats([3]), floats([4])])], subgraphs: [adding])
        #expect(try elements(two[0]).map(values) == [[4], [6]])
        #expect(throws: OperatorError.self) { try op.run([three, .sequence([floats([3])])], subgraphs: [adding]) }
    }
}

@Suite("Optionals")
struct OptionalTests {
    private let type = ValueType.tensor(TensorType(.float32, nil))

    @Test("hold a value or none")
    func contents() throws {
        let full = try ObjectOperator("Optional").run([floats([1, 2])])[0]
        let empty = try ObjectOperator("Optional", ["type": .type(type)], inputs: 0).run([])[0]
        let hasElement = try ObjectOperator("OptionalHasElement"), element = try ObjectOperator("OptionalGetElement")
        func holds(_ value: RuntimeValue?) throws -> Bool {
            guard case .tensor(let tensor) = try hasElement.run([value])[0] else { return false }
            return tensor.integers == [1]
        }
        #expect(try holds(full) && holds(floats([1])) && holds(.sequence([])))
        #expect(try !holds(empty) && !holds(nil))
        #expect(try values(element.run([full])[0]) == [1, 2])
        #expect(try values(element.run([floats([3])])[0]) == [3])
        #expect(throws: OperatorError.self) { try element.run([empty]) }
    }

    @Test("are typed by their value or by the attribute")
    func types() throws {
        #expect(try ObjectOperator("Optional", ["type": .type(type)], inputs: 0).infer([]) == .optional(type))
        #expect(throws: OperatorError.self) { try ObjectOperator("Optional", inputs: 0).infer([]) }
        #expect(try ObjectOperator("OptionalGetElement").infer([ValueFact(.optional(type))]) == type)
        #expect(throws: OperatorError.self) { try ObjectOperator("OptionalGetElement", version: 16).infer([ValueFact(type)]) }
    }

    @Test("a loop that begins with an empty optional hands on what its body makes", arguments: [0, 1, 3])
    func loop(_ trips: Int64) throws {
        let body = ObjectSubgraph(outputFacts: [ValueFact(.bool, Shape.scalar), ValueFact(.sequence(type))]) { inputs in
            guard case .optional(let held) = inputs[2] else { throw OperatorError.invalidValue("is \(inputs[2].kind)") }
            let known = try held.map(elements) ?? []
            return [.tensor(Tensor(scalar: true)), .sequence(known + [floats([Float(known.count)])])]
        }
        let loop = try ObjectOperator("Loop", inputs: 3)
        let inputs = [position(trips), .tensor(Tensor(scalar: true)), .optional(nil)]
        guard trips > 0 else {
            #expect(throws: OperatorError.self) { try loop.run(inputs, subgraphs: [body]) }
            return
        }
        let result = try loop.run(inputs, subgraphs: [body])
        #expect(try elements(result[0]).map(values) == (0..<trips).map { [Float($0)] })
    }
}

@Suite("Scan of opset 8")
struct BatchedScanTests {
    @Test("sums each sequence up to its length")
    func sums() throws {
        let body = ObjectSubgraph { inputs in
            let sum = floats(zip(try values(inputs[0]), try values(inputs[1])).map { $0 + $1 })
            return [sum, sum]
        }
        let scan = try ObjectOperator("Scan", ["num_scan_inputs": .integer(1)], version: 8, inputs: 3, outputs: 2)
        let states = floats([0, 10], [2, 1]), sequences = floats([1, 2, 3, 4, 5, 6], [2, 3, 1])
        let whole = try scan.run([nil, states, sequences], outputs: 2, subgraphs: [body])
        #expect(try values(whole[0]) == [6, 25] && values(whole[1]) == [1, 3, 6, 14, 19, 25])
        let lengths = RuntimeValue.tensor(Tensor([1, 3] as [Int64], shape: [2]))
        let partial = try scan.run([lengths, states, sequences], outputs: 2, subgraphs: [body])
        #expect(try values(partial[0]) == [1, 25] && values(partial[1]) == [1, 0, 0, 14, 19, 25])
        let tooLong = RuntimeValue.tensor(Tensor([1, 4] as [Int64], shape: [2]))
        #expect(throws: OperatorError.self) { try scan.run([tooLong, states, sequences], outputs: 2, subgraphs: [body]) }
    }
}
