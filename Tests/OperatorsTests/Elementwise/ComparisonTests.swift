import GraphIR
import Operators
import Tensors
import Testing

@Suite("Comparison, logic and bits")
struct ComparisonTests {
    static let numbers: [ElementType] = [
        .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
    ]

    static let relations: [(name: String, f: @Sendable (Double, Double) -> Bool)] = [
        ("Equal", { $0 == $1 }), ("Less", { $0 < $1 }), ("LessOrEqual", { $0 <= $1 }), ("Greater", { $0 > $1 }),
        ("GreaterOrEqual", { $0 >= $1 }),
    ]

    @Test("compare numbers of every type, with broadcasting", arguments: numbers)
    func comparisons(_ type: ElementType) throws {
        var numbers = TestNumbers(seed: 21)
        for (left, right) in [([3, 1, 19], [2, 1]), ([33], []), ([], [5]), ([4, 16], [4, 16]), ([0], [1])] as [(Shape, Shape)] {
            let a = numbers.wholes(left.elementCount, in: 1...4), b = numbers.wholes(right.elementCount, in: 1...4)
            let result = try #require(Shape.broadcast(left, right))
            for (name, f) in Self.relations {
                let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
                let expected = BroadcastReference.apply([(a, left), (b, right)], to: result) { f($0[0], $0[1]) ? 1 : 0 }
                for (isa, outputs) in try evaluateOnEveryLevel(op, [Tensor(a, type, left), Tensor(b, type, right)]) {
                    #expect(outputs[0].elementType == .bool)
                    expectNumbers(outputs[0], expected, "\(name) \(type) \(isa.name)")
                }
            }
        }
    }

    @Test("are false for NaN")
    func nan() throws {
        for type in [ElementType.float32, .float64] {
            let x = Tensor([.nan, 1, .nan], type, [3]), y = Tensor([1, .nan, .nan], type, [3])
            for (name, _) in Self.relations {
                let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
                for (isa, outputs) in try evaluateOnEveryLevel(op, [x, y]) {
                    expectNumbers(outputs[0], [0, 0, 0], "\(name) \(isa.name)")
                }
            }
        }
    }

    @Test("Equal takes bools, and an order of bools is refused")
    func bools() throws {
        let x = Tensor([true, true, false, false], shape: [4]), y = Tensor([true, false, true, false], shape: [4])
        #expect(
            try evaluate(makeOperator("Equal", in: ElementwiseOperators.spellings, inputs: 2), [x, y])[0].numbers == [1, 0, 0, 1])
        let less = try makeOperator("Less", in: ElementwiseOperators.spellings, inputs: 2)
        #expect(throws: OperatorError.self) { try evaluate(less, [x, y]) }
    }

    @Test("And, Or, Xor and Not follow their tables")
    func logic() throws {
        let x = Tensor([true, true, false, false], shape: [4]), y = Tensor([true, false, true, false], shape: [4])
        func run(_ name: String, _ inputs: [Tensor]) throws -> [Double] {
            try evaluate(makeOperator(name, in: ElementwiseOperators.spellings, inputs: inputs.count), inputs)[0].numbers
        }
        #expect(try run("And", [x, y]) == [1, 0, 0, 0])
        #expect(try run("Or", [x, y]) == [1, 1, 1, 0])
        #expect(try run("Xor", [x, y]) == [0, 1, 1, 0])
        #expect(try run("Not", [x]) == [0, 0, 1, 1])
        #expect(try run("And", [x.reshaped([2, 2]), Tensor([true, false], shape: [2, 1])]) == [1, 1, 0, 0])
    }

    @Test("bits are joined, complemented and shifted in every width", arguments: [ElementType.uint8, .uint16, .uint32, .uint64])
    func bits(_ type: ElementType) throws {
        let width = Double(type.byteCount * 8)
        let top = type.byteCount == 8 ? 0 : 1 << (type.byteCount * 8)
        let x = Tensor([12, 10, 1, 255], type, [4])
        func run(_ name: String, _ y: [Double], _ direction: String? = nil) throws -> [Double] {
            let attributes: [String: Attribute] = direction.map { ["direction": .string($0)] } ?? [:]
            let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2, attributes: attributes)
            return try evaluate(op, [x, Tensor(y, type, [y.count])])[0].numbers
        }
        #expect(try run("BitwiseAnd", [10]) == [8, 10, 0, 10])
        #expect(try run("BitwiseOr", [3]) == [15, 11, 3, 255])
        #expect(try run("BitwiseXor", [15]) == [3, 5, 14, 240])
        #expect(try run("BitShift", [1, 2, width, 4], "RIGHT") == [6, 2, 0, 15])
        #expect(
            try run("BitShift", [1, 3, width - 1, width], "LEFT") == [
                24, 80, Double(sign: .plus, exponent: Int(width) - 1, significand: 1), 0,
            ])
        if top > 0 {
            let not = try makeOperator("BitwiseNot", in: ElementwiseOperators.spellings)
            #expect(try evaluate(not, [x])[0].numbers == [12, 10, 1, 255].map { Double(top - 1 - $0) })
        }
    }

    @Test("BitShift wants a direction")
    func direction() {
        #expect(throws: OperatorError.self) { try makeOperator("BitShift", in: ElementwiseOperators.spellings, inputs: 2) }
    }

    @Test("Where chooses among three shapes that stretch", arguments: numbers + [.bool])
    func choice(_ type: ElementType) throws {
        let op = try makeOperator("Where", in: ElementwiseOperators.spellings, inputs: 3)
        let cases: [(Shape, Shape, Shape)] = [
            ([], [], []), ([7], [7], [7]), ([7], [], [7]), ([7], [7], []), ([], [7], [1]), ([17], [1], [1]), ([0], [1], [0]),
            ([2, 1, 5], [3, 1], [5]), ([4, 1], [1, 9], [4, 9]), ([2, 3, 1], [1], [2, 1, 20]),
        ]
        var numbers = TestNumbers(seed: 4)
        for (c, a, b) in cases {
            let result = try #require(Shape.broadcast(c, a).flatMap { Shape.broadcast($0, b) })
            let conditions = numbers.wholes(c.elementCount, in: 0...1)
            let range = type == .bool ? 0...1 : 0...9
            let first = numbers.wholes(a.elementCount, in: range), second = numbers.wholes(b.elementCount, in: range)
            let expected = BroadcastReference.apply([(conditions, c), (first, a), (second, b)], to: result) {
                $0[0] != 0 ? $0[1] : $0[2]
            }
            let inputs = [Tensor(conditions, .bool, c), Tensor(first, type, a), Tensor(second, type, b)]
            for (isa, outputs) in try evaluateOnEveryLevel(op, inputs) {
                expectNumbers(outputs[0], expected, "\(c) \(a) \(b) \(isa.name)")
            }
        }
    }
}
