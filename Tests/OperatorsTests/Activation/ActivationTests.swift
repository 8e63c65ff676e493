import Foundation
import GraphIR
import Operators
import Tensors
import Testing

@Suite("Activations")
struct ActivationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var attributes: [String: Attribute] = [:]
        /// What the function is worth at −inf and +inf.
        let limits: (Double, Double)
        let f: @Sendable (Double) -> Double
        var version = 24
        var testDescription: String { name + (attributes.isEmpty ? "" : " with attributes") }
    }

    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    static let cases: [Case] = [
        Case(name: "Relu", limits: (0, .infinity)) { max($0, 0) },
        Case(name: "LeakyRelu", limits: (-.infinity, .infinity)) { $0 < 0 ? Double(0.01 as Float) * $0 : $0 },
        Case(name: "LeakyRelu", attributes: ["alpha": .float(0.5)], limits: (-.infinity, .infinity)) { $0 < 0 ? 0.5 * $0 : $0 },
        Case(name: "Elu", limits: (-1, .infinity)) { $0 < 0 ? expm1($0) : $0 },
        Case(name: "Elu", attributes: ["alpha": .float(2)], limits: (-2, .infinity)) { $0 < 0 ? 2 * expm1($0) : $0 },
        Case(name: "Celu", attributes: ["alpha": .float(2)], limits: (-2, .infinity)) { $0 < 0 ? 2 * expm1($0 / 2) : $0 },
        Case(name: "Selu", attributes: ["alpha": .float(1.5), "gamma": .float(2)], limits: (-3, .infinity)) {
            2 * ($0 < 0 ? 1.5 * expm1($0) : $0)
        },
        Case(name: "Sigmoid", limits: (0, 1)) { sigmoid($0) },
        Case(name: "HardSigmoid", attributes: ["alpha": .float(0.25)], limits: (0, 1)) { min(max(0.25 * $0 + 0.5, 0), 1) },
        Case(name: "HardSwish", limits: (0, .infinity)) { $0 * min(max($0 / 6 + 0.5, 0), 1) },
        Case(name: "Tanh", limits: (-1, 1)) { tanh($0) },
        Case(name: "Softplus", limits: (0, .infinity)) { softplus($0) },
        Case(name: "Softsign", limits: (-1, 1)) { $0 / (1 + abs($0)) },
        Case(name: "Gelu", limits: (0, .infinity)) { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) },
        Case(name: "Gelu", attributes: ["approximate": .string("tanh")], limits: (0, .infinity)) {
            0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
        },
        Case(name: "Mish", limits: (0, .infinity)) { $0 * tanh(softplus($0)) },
        Case(name: "ThresholdedRelu", limits: (0, .infinity)) { $0 > 1 ? $0 : 0 },
        Case(name: "Shrink", attributes: ["bias": .float(0.25), "lambd": .float(0.5)], limits: (-.infinity, .infinity)) {
            $0 < -0.5 ? $0 + 0.25 : $0 > 0.5 ? $0 - 0.25 : 0
        },
        Case(name: "Swish", limits: (0, .infinity)) { $0 * sigmoid($0) },
        Case(name: "Swish", attributes: ["alpha": .float(1.5)], limits: (0, .infinity)) { $0 * sigmoid(1.5 * $0) },
    ]

    @Test("match their definitions on every level, type and vector boundary", arguments: cases)
    func definitions(_ c: Case) throws {
        let op = try makeOperator(c.name, in: ActivationOperators.spellings, version: c.version, attributes: c.attributes)
        for count in [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 200] {
            let x = (0..<count).map { Double(Float(-10 + 20.1 * Double($0) / Double(max(count, 2) - 1))) }
            for (type, tolerance) in [(ElementType.float32, 5e-7), (.float64, 1e-13), (.float16, 1e-3), (.bfloat16, 8e-3)] {
                let input = Tensor(x, type, [count])
                for (isa, outputs) in try evaluateOnEveryLevel(op, [input]) {
                    let expected = input.numbers.map(c.f)
                    expectNumbers(
                        outputs[0], expected, relative: tolerance, absolute: tolerance / 4, "\(type) \(isa.name) \(count)")
                }
            }
        }
    }

    @Test("reach their limits at infinity and keep NaN", arguments: cases)
    func limits(_ c: Case) throws {
        let op = try makeOperator(c.name, in: ActivationOperators.spellings, version: c.version, attributes: c.attributes)
        // The comparisons of these two answer false for NaN, and their definitions give 0 then.
        let atNaN: Double = ["ThresholdedRelu", "Shrink"].contains(c.name) ? 0 : .nan
        for type in [ElementType.float32, .float64] {
            let input = Tensor([-.infinity, .infinity, .nan], type, [3])
            for (isa, outputs) in try evaluateOnEveryLevel(op, [input]) {
                expectNumbers(outputs[0], [c.limits.0, c.limits.1, atNaN], "\(type) \(isa.name)")
            }
        }
    }

    @Test("Relu takes signed integers", arguments: [ElementType.int8, .int16, .int32, .int64])
    func integerRelu(_ type: ElementType) throws {
        let op = try makeOperator("Relu", in: ActivationOperators.spellings)
        #expect(try evaluate(op, [Tensor([-3, 0, 5], type, [3])])[0].numbers == [0, 0, 5])
    }

    @Test("PRelu stretches its slope, in old versions along the channels")
    func prelu() throws {
        let x = Tensor([-1, 2, -3, -4, 5, -6, -7, -8] as [Float], shape: [2, 2, 2])
        let old = try makeOperator("PRelu", in: ActivationOperators.spellings, version: 6, inputs: 2)
        let new = try makeOperator("PRelu", in: ActivationOperators.spellings, version: 16, inputs: 2)
        let slope = Tensor([2, 10] as [Float], shape: [2])
        for (isa, outputs) in try evaluateOnEveryLevel(old, [x, slope]) {
            expectNumbers(outputs[0], [-2, 2, -30, -40, 5, -12, -70, -80], isa.name)
        }
        for (isa, outputs) in try evaluateOnEveryLevel(new, [x, slope]) {
            expectNumbers(outputs[0], [-2, 2, -6, -40, 5, -60, -14, -80], isa.name)
        }
        let integers = [Tensor([-2, 3] as [Int32], shape: [2]), Tensor([5] as [Int32], shape: [1])]
        #expect(try evaluate(new, integers)[0].numbers == [-10, 3])
        #expect(throws: OperatorError.self) { try evaluate(new, [slope, x]) }
    }

    @Test("refuse attributes and types that make no sense")
    func refusals() throws {
        #expect(throws: OperatorError.self) {
            try makeOperator("Gelu", in: ActivationOperators.spellings, attributes: ["approximate": .string("sinh")])
        }
        #expect(throws: OperatorError.self) {
            try makeOperator("Celu", in: ActivationOperators.spellings, attributes: ["alpha": .float(0)])
        }
        let sigmoid = try makeOperator("Sigmoid", in: ActivationOperators.spellings)
        #expect(throws: OperatorError.self) { try evaluate(sigmoid, [Tensor([1] as [Int32], shape: [1])]) }
    }
}
