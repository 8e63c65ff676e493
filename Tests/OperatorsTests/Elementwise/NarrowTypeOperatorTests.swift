import GraphIR
import Operators
import Tensors
import Testing

@Suite("Operators on types of 8 bits and fewer")
struct NarrowTypeOperatorTests {
    /// The types with their numbers in `TensorProto.DataType`.
    static let types: [(type: ElementType, onnx: Int64)] = [
        (.float8e4m3fn, 17), (.float8e4m3fnuz, 18), (.float8e5m2, 19), (.float8e5m2fnuz, 20), (.uint4, 21), (.int4, 22),
        (.float4e2m1, 23), (.float8e8m0, 24), (.uint2, 25), (.int2, 26),
    ]
    static let eightBitFloats: [ElementType] = [.float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz]

    private func run(
        _ name: String, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:], version: Int = 25, outputs: Int = 1
    ) throws -> [Tensor] {
        try evaluate(makeNode(name, inputs, attributes, version: version, outputs: outputs), inputs, outputs: outputs)
    }

    private func makeNode(
        _ name: String, _ inputs: [Tensor?], _ attributes: [String: Attribute], version: Int, outputs: Int = 1
    ) throws -> any Operator {
        let node = SourceNode(
            name: "node", domain: "", operatorName: name, version: version,
            inputs: inputs.indices.map { inputs[$0] == nil ? "" : "in\($0)" }, outputs: (0..<outputs).map { "out\($0)" },
            attributes: attributes)
        let spelling = try #require(StandardOperators.catalog.spelling(for: node, dialect: .onnx), "\(name)")
        return try spelling.make(AttributeReader(node)).fitted(to: inputs.map { $0.map { ValueFact($0.spec.type) } })
    }

    /// All codes of a type.
    private func codes(_ type: ElementType) throws -> Tensor {
        try Tensor(TensorSpec(type, [1 << type.bitWidth])) { bytes in for place in bytes.indices { bytes[place] = UInt8(place) } }
    }

    private func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withBytes { Array($0) } }

    @Test("Cast gives every code's number in each wider type that holds it", arguments: types.map(\.type))
    func widening(_ type: ElementType) throws {
        let codes = try codes(type)
        for (target, number) in [(ElementType.float32, 1), (.float64, 11), (.float16, 10), (.bfloat16, 16)] as [(ElementType, Int64)] {
            let result = try run("Cast", [codes], ["to": .integer(number)])[0]
            #expect(result.spec == TensorSpec(target, codes.shape))
            let isRounded = type == .float8e8m0 && target == .float16
            let expected = codes.numbers.map {
                isRounded ? Double(HalfPrecision.float(fromBinary16: HalfPrecision.binary16(from: Float($0)))) : $0
            }
            expectNumbers(result, expected, "\(type) to \(target)")
        }
        guard type.isInteger else { return }
        for (target, number) in [(ElementType.int8, 3), (.int64, 7), (.int32, 6)] as [(ElementType, Int64)] {
            let result = try run("Cast", [codes], ["to": .integer(number)])[0]
            #expect(result.elementType == target)
            expectNumbers(result, codes.numbers)
        }
    }

    @Test("Cast between all pairs goes by the number", arguments: types.map(\.type))
    func pairs(_ source: ElementType) throws {
        let codes = try codes(source)
        for (target, number) in Self.types {
            let narrow = try #require(target.narrow)
            let result = try run("Cast", [codes], ["to": .integer(number)])[0]
            #expect(result.spec == TensorSpec(target, codes.shape))
            let expected = source == target ? bytes(codes) : codes.numbers.map { narrow.code(of: $0) }
            #expect(bytes(result) == expected, "\(source) to \(target)")
        }
    }

    @Test("Cast rounds numbers of every type as the type says", arguments: types.map(\.type))
    func narrowing(_ target: ElementType) throws {
        let narrow = try #require(target.narrow), number = try #require(Self.types.first { $0.type == target }?.onnx)
        let wholes: [Double] = [0, 1, 2, 3, 5, 7, 9, 15, 17, 100]
        for source in [
            ElementType.int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64, .float16, .bfloat16, .float32, .float64,
        ] {
            let x = Tensor(wholes, source, [wholes.count])
            for result in try evaluateOnEveryLevel(makeNode("Cast", [x], ["to": .integer(number)], version: 25), [x]) {
                #expect(bytes(result.outputs[0]) == wholes.map { narrow.code(of: $0) }, "\(source)")
            }
        }
        let reals: [Double] = [0.3, -0.3, 1e9, -1e9, .infinity, -.infinity, .nan, -0.0, 449]
        let wide = try run("Cast", [Tensor(reals, .float64, [reals.count])], ["to": .integer(number)])[0]
        #expect(bytes(wide) == reals.map { narrow.code(of: $0) })
        let flags = try run("Cast", [Tensor([0, 1], .bool, [2])], ["to": .integer(number)])[0]
        #expect(bytes(flags) == [narrow.code(of: 0 as Double), narrow.code(of: 1 as Double)])
    }

    @Test("a negative number loses its high bits as an integer, from floats and integers alike")
    func wrapping() throws {
        for source in [ElementType.int32, .float32, .float16] {
            let x = Tensor([-9, -8, -1, 7, 8, 16], source, [6])
            #expect(try bytes(run("Cast", [x], ["to": .integer(22)])[0]) == [7, 8, 15, 7, 8, 0])
            #expect(try bytes(run("Cast", [x], ["to": .integer(26)])[0]) == [3, 0, 3, 3, 0, 0])
        }
        let codes = try codes(.int4)
        let unsigned = try run("Cast", [codes], ["to": .integer(2)])[0]
        #expect(bytes(unsigned).suffix(8) == [248, 249, 250, 251, 252, 253, 254, 255])
        #expect(try run("Cast", [codes], ["to": .integer(9)])[0].numbers == [0] + [Double](repeating: 1, count: 15))
    }

    @Test("saturate and round_mode say what becomes of what has no code")
    func attributes() throws {
        let x = Tensor([1000, -.infinity, 3], .float32, [3])
        let cases: [(to: Int64, saturate: Int64, mode: String?, expected: [UInt8])] = [
            (17, 1, nil, [0x7E, 0xFE, 0x44]), (17, 0, nil, [0x7F, 0xFF, 0x44]), (19, 0, nil, [0x64, 0xFC, 0x42]),
            (24, 1, nil, [137, 255, 129]), (24, 1, "down", [136, 255, 128]), (24, 1, "nearest", [137, 255, 129]),
        ]
        for test in cases {
            var attributes: [String: Attribute] = ["to": .integer(test.to), "saturate": .integer(test.saturate)]
            attributes["round_mode"] = test.mode.map { .string($0) }
            #expect(try bytes(run("Cast", [x], attributes)[0]) == test.expected, "\(test)")
            attributes["to"] = nil
            let type = try #require(Self.types.first { $0.onnx == test.to }?.type)
            let like = Tensor([], type, [0])
            #expect(try bytes(run("CastLike", [x, like], attributes)[0]) == test.expected, "\(test)")
        }
        #expect(throws: OperatorError.self) { try run("Cast", [x], ["to": .integer(24), "round_mode": .string("sideways")]) }
    }

    @Test("Cast to and from text", arguments: types.map(\.type))
    func text(_ type: ElementType) throws {
        let number = try #require(Self.types.first { $0.type == type }?.onnx)
        let codes = try codes(type)
        let write = try #require(makeNode("Cast", [codes], ["to": .integer(8)], version: 25) as? any DynamicOperator)
        let result = try withExtendedLifetime(codes) {
            try write.evaluate(EvaluationContext(inputs: [.dense(codes.view)], outputCount: 1))
        }
        guard case .strings(let texts) = try #require(result.first) else { return #expect(Bool(false)) }
        let read = try #require(try spelled("Cast", to: number).fitted(to: [ValueFact(.string, codes.shape)]) as? any DynamicOperator)
        let back = try read.evaluate(EvaluationContext(inputs: [.object(.strings(texts))], outputCount: 1))
        guard case .tensor(let tensor) = try #require(back.first) else { return #expect(Bool(false)) }
        for (code, found) in zip(bytes(codes), bytes(tensor)) {
            let value = try #require(type.narrow).value(of: code)
            #expect(found == code || value.isNaN || value.isInfinite, "\(value) came back as code \(found)")
        }
    }

    private func spelled(_ name: String, to number: Int64) throws -> any Operator {
        try makeOperator(name, in: ElementwiseOperators.spellings, version: 25, attributes: ["to": .integer(number)])
    }

    @Test("text that is no number of an integer type is refused")
    func refusedText() throws {
        let read = try #require(try spelled("Cast", to: 22).fitted(to: [ValueFact(.string, [1] as Shape)]) as? any DynamicOperator)
        for (text, isAccepted) in [("7", true), ("-8", true), ("8", false), ("-9", false), ("x", false)] {
            let value = RuntimeValue.strings(StringTensor(shape: [1], elements: [Array(text.utf8)]))
            let result = Result { try read.evaluate(EvaluationContext(inputs: [.object(value)], outputCount: 1)) }
            #expect((try? result.get()) != nil ? isAccepted : !isAccepted, "\(text)")
        }
    }

    @Test("BitCast keeps codes, between types of as many bits alone")
    func bitCast() throws {
        let codes = try codes(.int4)
        for number in [21, 23] as [Int64] {
            #expect(try bytes(run("BitCast", [codes], ["to": .integer(number)], version: 26)[0]) == bytes(codes))
        }
        for number in [2, 3, 17, 25] as [Int64] {
            #expect(throws: OperatorError.self) { try run("BitCast", [codes], ["to": .integer(number)], version: 26) }
        }
        let raw = Tensor([1, 200], .uint8, [2])
        #expect(try bytes(run("BitCast", [raw], ["to": .integer(17)], version: 26)[0]) == [1, 200])
    }

    @Test("IsNaN and IsInf look at the number", arguments: eightBitFloats)
    func predicates(_ type: ElementType) throws {
        let codes = try codes(type)
        #expect(try run("IsNaN", [codes], version: 20)[0].numbers == codes.numbers.map { $0.isNaN ? 1 : 0 })
        #expect(try run("IsInf", [codes], version: 20)[0].numbers == codes.numbers.map { $0.isInfinite ? 1 : 0 })
    }

    @Test("elements move as they are", arguments: types.map(\.type))
    func movement(_ type: ElementType) throws {
        let x = try Tensor(TensorSpec(type, [2, 3])) { for place in $0.indices { $0[place] = UInt8(place % (1 << type.bitWidth)) } }
        let all = bytes(x), limit = UInt8(1 << type.bitWidth - 1)
        func integers(_ values: [Int64]) -> Tensor { Tensor(values, shape: [values.count]) }
        let one = try Tensor(TensorSpec(type, [1])) { $0[0] = 1 }
        let cases: [(name: String, inputs: [Tensor?], attributes: [String: Attribute], shape: Shape, expected: [UInt8])] = [
            ("Identity", [x], [:], [2, 3], all),
            ("Reshape", [x, integers([3, 2])], [:], [3, 2], all),
            ("Flatten", [x], [:], [2, 3], all),
            ("Squeeze", [x], [:], [2, 3], all),
            ("Unsqueeze", [x, integers([0])], [:], [1, 2, 3], all),
            ("Transpose", [x], [:], [3, 2], [0, 3, 1, 4, 2, 5].map { all[$0] }),
            ("Gather", [x, integers([1])], ["axis": .integer(0)], [1, 3], Array(all[3...])),
            ("Concat", [x, x], ["axis": .integer(0)], [4, 3], all + all),
            ("Slice", [x, integers([1]), integers([3]), integers([1])], [:], [2, 2], [all[1], all[2], all[4], all[5]]),
            ("Pad", [x, integers([0, 1, 0, 0]), one], [:], [2, 4], [1] + all[..<3] + [1] + all[3...]),
            ("Expand", [one, integers([2])], [:], [2], [1, 1]),
            ("ConstantOfShape", [integers([3])], ["value": .tensor(one)], [3], [1, 1, 1]),
            ("Constant", [], ["value": .tensor(x)], [2, 3], all),
        ]
        for test in cases {
            let result = try run(test.name, test.inputs, test.attributes)[0]
            #expect(result.spec == TensorSpec(type, test.shape), "\(test.name)")
            #expect(bytes(result) == test.expected, "\(test.name)")
        }
        #expect(all.allSatisfy { $0 <= limit })
        #expect(try run("Shape", [x])[0].values(Int64.self) == [2, 3])
        #expect(try run("Size", [x])[0].values(Int64.self) == [6])
        if Self.eightBitFloats.contains(type) { #expect(try run("Dropout", [x], version: 22).map(bytes) == [all]) }
    }

    @Test("what computes refuses them by name", arguments: types.map(\.type))
    func refusals(_ type: ElementType) throws {
        let x = try codes(type), index = Tensor([0] as [Int64], shape: [1, 1]), element = try Tensor(TensorSpec(type, [1])) { $0[0] = 0 }
        let cases: [(String, [Tensor?], [String: Attribute])] = [
            ("Add", [x, x], [:]), ("Relu", [x], [:]), ("MatMul", [x, x], [:]), ("ReduceSum", [x], [:]), ("Equal", [x, x], [:]),
            ("Unique", [x], [:]), ("TopK", [x, Tensor([1] as [Int64], shape: [1])], [:]), ("Clip", [x], [:]), ("Softmax", [x], [:]),
            ("ScatterND", [x, index, element], ["reduction": .string("add")]), ("CumSum", [x, Tensor(scalar: Int64(0))], [:]),
            ("ScatterElements", [x, Tensor([0] as [Int64], shape: [1]), element], [:]), ("NonZero", [x], [:]), ("ArgMax", [x], [:]),
        ]
        for (name, inputs, attributes) in cases {
            let op = try makeNode(name, inputs, attributes, version: 18)
            let error = #expect(throws: OperatorError.self, "\(name)") {
                try op.infer(OperatorInputs(inputs.map { $0.map { ValueFact($0.spec.type) } }, outputCount: 1))
            }
            #expect(error?.description.contains(type.name) ?? false, "\(name): \(error?.description ?? "")")
        }
    }
}
