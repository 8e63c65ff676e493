import GraphIR
import Operators
import Tensors
import Testing

@Suite("Arithmetic on two operands")
struct ArithmeticTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let left: Shape
        let right: Shape
        var testDescription: String { "\(left) with \(right)" }
    }

    static let shapes: [Case] = [
        Case(left: [], right: []), Case(left: [0], right: [1]), Case(left: [0, 3], right: [3]), Case(left: [1], right: [1]),
        Case(left: [7], right: [7]), Case(left: [8], right: [8]), Case(left: [9], right: [1]), Case(left: [], right: [17]),
        Case(left: [15], right: [15]), Case(left: [16], right: [16]), Case(left: [33], right: [33]),
        Case(left: [2, 3, 5], right: [5]), Case(left: [2, 3, 5], right: [3, 1]), Case(left: [2, 3, 5], right: [2, 1, 1]),
        Case(left: [2, 1, 5], right: [1, 3, 1]), Case(left: [4, 1], right: [1, 19]), Case(left: [1, 19], right: [4, 1]),
        Case(left: [2, 3, 4, 5], right: [3, 1, 5]), Case(left: [2, 1, 4, 1], right: [1, 3, 1, 5]),
        Case(left: [3, 2, 1, 2, 17], right: [1, 2, 3, 1, 17]),
    ]

    static let functions: [(name: String, f: @Sendable (Double, Double) -> Double)] = [
        ("Add", { $0 + $1 }), ("Sub", { $0 - $1 }), ("Mul", { $0 * $1 }), ("Div", { $0 / $1 }), ("Min", { min($0, $1) }),
        ("Max", { max($0, $1) }), ("Sum", { $0 + $1 }), ("Mean", { ($0 + $1) / 2 }),
    ]

    @Test("broadcasts floats as the definition says, on every level", arguments: shapes)
    func floats(_ shapes: Case) throws {
        var numbers = TestNumbers(seed: 7)
        let a = numbers.doubles(shapes.left.elementCount).map { Double(Float($0)) }
        let b = numbers.doubles(shapes.right.elementCount, in: 0.5...2).map { Double(Float($0)) }
        let result = try #require(Shape.broadcast(shapes.left, shapes.right))
        for (name, f) in Self.functions {
            let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
            let expected = BroadcastReference.apply([(a, shapes.left), (b, shapes.right)], to: result) { f($0[0], $0[1]) }
            for type in [ElementType.float32, .float64] {
                let inputs = [Tensor(a, type, shapes.left), Tensor(b, type, shapes.right)]
                for (isa, outputs) in try evaluateOnEveryLevel(op, inputs) {
                    #expect(outputs[0].spec == TensorSpec(type, result))
                    expectNumbers(outputs[0], expected, relative: 1.2e-7, absolute: 1e-7, "\(name) \(type) \(isa.name)")
                }
            }
        }
    }

    @Test("computes 16-bit floats through float32 and rounds once", arguments: [ElementType.float16, .bfloat16])
    func halves(_ type: ElementType) throws {
        let epsilon = type == .float16 ? 0x1p-11 : 0x1p-8
        var numbers = TestNumbers()
        let left = Tensor(numbers.doubles(35), type, [5, 7]), right = Tensor(numbers.doubles(7, in: 0.5...2), type, [7])
        for (name, f) in Self.functions {
            let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
            let expected = BroadcastReference.apply([(left.numbers, [5, 7]), (right.numbers, [7])], to: [5, 7]) {
                f($0[0], $0[1])
            }
            for constants in [[], [1]] as [Set<Int>] {
                for (isa, outputs) in try evaluateOnEveryLevel(op, [left, right], constants: constants) {
                    #expect(outputs[0].elementType == type)
                    expectNumbers(outputs[0], expected, relative: epsilon, absolute: 1e-7, "\(name) \(type) \(isa.name)")
                }
            }
        }
    }

    static let integerTypes: [ElementType] = [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64]

    @Test("computes integers of every width", arguments: integerTypes)
    func integers(_ type: ElementType) throws {
        let low = type.isSigned ? -6 : 6
        var numbers = TestNumbers(seed: 3)
        let a = numbers.wholes(6, in: low...9), b = numbers.wholes(3, in: 1...3)
        for (name, f) in Self.functions where name != "Sum" && name != "Mean" {
            let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
            let expected = BroadcastReference.apply([(a, [2, 3]), (b, [3])], to: [2, 3]) { pair in
                let value = f(pair[0], pair[1])
                return name == "Div" ? value.rounded(.towardZero) : value
            }
            expectNumbers(try evaluate(op, [Tensor(a, type, [2, 3]), Tensor(b, type, [3])])[0], expected, "\(name) \(type)")
        }
    }

    @Test("wraps integers at the ends of their range")
    func wrapping() throws {
        func run(_ name: String, _ a: Int32, _ b: Int32) throws -> Int32 {
            let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
            return try evaluate(op, [Tensor(scalar: a), Tensor(scalar: b)])[0].values(Int32.self)[0]
        }
        #expect(try run("Add", .max, 1) == .min)
        #expect(try run("Sub", .min, 1) == .max)
        #expect(try run("Mul", .min, -1) == .min)
        #expect(try run("Div", .min, -1) == .min)
        #expect(try run("Mod", .min, -1) == 0)
    }

    @Test("refuses to divide an integer by 0 and names the element", arguments: ["Div", "Mod"])
    func divisionByZero(_ name: String) throws {
        let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
        let dividend = Tensor([1, 2, 3] as [Int64], shape: [3]), divisor = Tensor([1, 0, 3] as [Int64], shape: [3])
        let error = #expect(throws: OperatorError.self) { try evaluate(op, [dividend, divisor]) }
        #expect(error?.description == "input 1 divides by 0 at element 1; an integer divisor must not be 0")
    }

    struct ModCase: Sendable { let a: Double, b: Double, floored: Double, cut: Double }
    @Test(
        "Mod takes the divisor's sign, with fmod the dividend's",
        arguments: [
            ModCase(a: 7, b: 3, floored: 1, cut: 1), ModCase(a: -7, b: 3, floored: 2, cut: -1),
            ModCase(a: 7, b: -3, floored: -2, cut: 1), ModCase(a: -7, b: -3, floored: -1, cut: -1),
            ModCase(a: 6, b: -3, floored: 0, cut: 0),
        ])
    func modulo(_ c: ModCase) throws {
        let floored = try makeOperator("Mod", in: ElementwiseOperators.spellings, inputs: 2)
        let cut = try makeOperator("Mod", in: ElementwiseOperators.spellings, inputs: 2, attributes: ["fmod": .integer(1)])
        for type in [ElementType.int8, .int32, .int64] {
            let inputs = [Tensor([c.a], type, [1]), Tensor([c.b], type, [1])]
            #expect(try evaluate(floored, inputs)[0].numbers == [c.floored])
            #expect(try evaluate(cut, inputs)[0].numbers == [c.cut])
        }
        for type in [ElementType.float16, .float32, .float64] {
            #expect(try evaluate(cut, [Tensor([c.a], type, [1]), Tensor([c.b], type, [1])])[0].numbers == [c.cut])
        }
    }

    @Test(
        "Mod of floating point takes the divisor's sign since opset 28",
        arguments: [
            (-3, 2, 1), (3, -2, -1), (-7, 3, 2), (7.5, 2, 1.5), (-3, .infinity, .infinity), (3, .infinity, 3), (-1, -.infinity, -1),
            (1, -.infinity, -.infinity),
        ] as [(Double, Double, Double)])
    func floatingModulo(_ a: Double, _ b: Double, _ expected: Double) throws {
        let floored = try makeOperator("Mod", in: ElementwiseOperators.spellings, version: 28, inputs: 2)
        for type in [ElementType.float16, .float32, .float64] {
            #expect(try evaluate(floored, [Tensor([a], type, [1]), Tensor([b], type, [1])])[0].numbers == [expected], "\(type)")
        }
        let zero = try evaluate(floored, [Tensor([0], .float32, [1]), Tensor([-2], .float32, [1])])[0].values(Float.self)
        #expect(zero[0] == 0 && zero[0].sign == .minus)
        let earlier = try makeOperator("Mod", in: ElementwiseOperators.spellings, version: 27, inputs: 2)
        expectRefusal(["fmod"]) { _ = try evaluate(earlier, [Tensor([a], .float32, [1]), Tensor([b], .float32, [1])]) }
    }

    @Test("folds one, three and four operands of different shapes")
    func variadic() throws {
        let a = Tensor([1, 5, -2] as [Float], shape: [3]), b = Tensor([2, 0] as [Float], shape: [2, 1])
        let c = Tensor(scalar: 1 as Float), d = Tensor([3, 3, 3, -3, -3, -3] as [Float], shape: [2, 3])
        func run(_ name: String, _ inputs: [Tensor]) throws -> [Double] {
            try evaluate(makeOperator(name, in: ElementwiseOperators.spellings, inputs: inputs.count), inputs)[0].numbers
        }
        #expect(try run("Max", [a]) == [1, 5, -2])
        #expect(try run("Max", [a, b, c]) == [2, 5, 2, 1, 5, 1])
        #expect(try run("Min", [a, b, c]) == [1, 1, -2, 0, 0, -2])
        #expect(try run("Sum", [a, b, c, d]) == [7, 11, 4, -1, 3, -4])
        #expect(try run("Mean", [a, b, c, d]) == [1.75, 2.75, 1, -0.25, 0.75, -1])
    }

    @Test("Min and Max of a NaN are NaN, whichever operand it is", arguments: ["Min", "Max"], [ElementType.float32, .float64])
    func contagiousNaN(_ name: String, _ type: ElementType) throws {
        let op = try makeOperator(name, in: ElementwiseOperators.spellings, inputs: 2)
        let inputs = [Tensor([.nan, 1, .nan], type, [3]), Tensor([1, .nan, .nan], type, [3])]
        for (isa, outputs) in try evaluateOnEveryLevel(op, inputs) {
            expectNumbers(outputs[0], [.nan, .nan, .nan], isa.name)
        }
    }

    @Test("aligns the second operand at an axis before opset 7")
    func legacyAxis() throws {
        let data = Tensor((0..<12).map(Float.init), shape: [2, 3, 2]), bias = Tensor([10, 20, 30] as [Float], shape: [3])
        let attributes: [String: Attribute] = ["broadcast": .integer(1), "axis": .integer(1)]
        let op = try makeOperator("Add", in: ElementwiseOperators.spellings, version: 6, inputs: 2, attributes: attributes)
        #expect(try evaluate(op, [data, bias])[0].numbers == [10, 11, 22, 23, 34, 35, 16, 17, 28, 29, 40, 41])
        let suffix = try makeOperator(
            "Add", in: ElementwiseOperators.spellings, version: 6, inputs: 2, attributes: ["broadcast": .integer(1)])
        #expect(try evaluate(suffix, [data, Tensor([1, 2] as [Float], shape: [2])])[0].numbers.prefix(4) == [1, 3, 3, 5])
    }

    struct Refusal: Sendable {
        let version: Int
        var attributes: [String: Attribute] = [:]
        let left: TensorType
        let right: TensorType
        let message: String
    }
    static func type(_ element: ElementType, _ shape: Shape) -> TensorType { TensorType(element, SymbolicShape(shape)) }
    @Test(
        "refuses operands that do not fit",
        arguments: [
            Refusal(
                version: 14, left: type(.float32, [2, 3]), right: type(.float32, [2]),
                message: "input 1 has shape [2], which does not broadcast with [2,3]; extents must be equal or 1"),
            Refusal(
                version: 14, left: type(.float32, [2]), right: type(.int64, [2]),
                message: "input 1 is int64, expected float32 as input 0"),
            Refusal(
                version: 6, left: type(.float32, [2, 3]), right: type(.float32, [3]),
                message: "input 1 has shape [3], input 0 has [2,3]; before opset 7 they are equal unless broadcast is 1"),
            Refusal(
                version: 6, attributes: ["broadcast": .integer(1), "axis": .integer(2)], left: type(.float32, [2, 3, 4]),
                right: type(.float32, [3, 4]), message: "input 1 has rank 2, which does not fit at axis 2 of input 0 of rank 3"),
        ])
    func refusals(_ c: Refusal) throws {
        let op = try makeOperator(
            "Mul", in: ElementwiseOperators.spellings, version: c.version, inputs: 2, attributes: c.attributes)
        let error = #expect(throws: OperatorError.self) { try op.infer(OperatorInputs([ValueFact(c.left), ValueFact(c.right)])) }
        #expect(error?.description == c.message)
    }

    @Test("keeps the names of symbolic extents")
    func symbols() throws {
        let op = try makeOperator("Add", in: ElementwiseOperators.spellings, inputs: 2)
        let data = ValueFact(.float32, SymbolicShape([.symbol("batch"), .known(3)])), bias = ValueFact(.float32, [3] as Shape)
        #expect(try op.infer(OperatorInputs([data, bias]))[0].shape == SymbolicShape([.symbol("batch"), .known(3)]))
        #expect(try op.infer(OperatorInputs([ValueFact(.float32, nil), bias]))[0].shape == nil)
    }
}
