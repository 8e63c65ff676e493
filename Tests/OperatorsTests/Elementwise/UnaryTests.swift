import Foundation
import GraphIR
import Operators
import Tensors
import Testing

@Suite("Functions of one element")
struct UnaryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        /// Arguments for which the function is real.
        var domain: ClosedRange<Double> = -3...3
        let f: @Sendable (Double) -> Double
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "Abs") { abs($0) }, Case(name: "Neg") { -$0 }, Case(name: "Sign") { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 },
        Case(name: "Ceil") { $0.rounded(.up) }, Case(name: "Floor") { $0.rounded(.down) },
        Case(name: "Round") { $0.rounded(.toNearestOrEven) }, Case(name: "Sqrt", domain: 0...9) { $0.squareRoot() },
        Case(name: "Reciprocal", domain: 0.5...4) { 1 / $0 }, Case(name: "Exp") { exp($0) },
        Case(name: "Log", domain: 0.001...9) { log($0) }, Case(name: "Sin") { sin($0) }, Case(name: "Cos") { cos($0) },
        Case(name: "Tan", domain: -1.4...1.4) { tan($0) }, Case(name: "Asin", domain: -1...1) { asin($0) },
        Case(name: "Acos", domain: -1...1) { acos($0) }, Case(name: "Atan") { atan($0) }, Case(name: "Sinh") { sinh($0) },
        Case(name: "Cosh") { cosh($0) }, Case(name: "Asinh") { asinh($0) }, Case(name: "Acosh", domain: 1...9) { acosh($0) },
        Case(name: "Atanh", domain: -0.9...0.9) { atanh($0) }, Case(name: "Erf") { erf($0) },
    ]

    @Test("match the math library in every type and on every level", arguments: cases)
    func definitions(_ c: Case) throws {
        let op = try makeOperator(c.name, in: ElementwiseOperators.spellings)
        for count in [0, 1, 7, 8, 15, 16, 17, 61] {
            let width = c.domain.upperBound - c.domain.lowerBound
            let x = (0..<count).map { c.domain.lowerBound + width * Double($0) / Double(max(count - 1, 1)) }
            for (type, tolerance) in [(ElementType.float32, 3e-7), (.float64, 1e-15), (.float16, 6e-4), (.bfloat16, 4e-3)] {
                let input = Tensor(x, type, [count])
                for (isa, outputs) in try evaluateOnEveryLevel(op, [input]) {
                    expectNumbers(
                        outputs[0], input.numbers.map(c.f), relative: tolerance, absolute: tolerance / 2,
                        "\(type) \(isa.name) \(count)")
                }
            }
        }
    }

    @Test("round ties to even and leave large numbers alone")
    func rounding() throws {
        let x: [Double] = [0.5, 1.5, 2.5, -0.5, -1.5, 0x1p+23, -0x1.000002p+23, 0x1p+60, .infinity, -.infinity, .nan]
        let expected: [Double] = [0, 2, 2, 0, -2, 0x1p+23, -0x1.000002p+23, 0x1p+60, .infinity, -.infinity, .nan]
        for type in [ElementType.float32, .float64] {
            let op = try makeOperator("Round", in: ElementwiseOperators.spellings)
            for (isa, outputs) in try evaluateOnEveryLevel(op, [Tensor(x, type, [x.count])]) {
                expectNumbers(outputs[0], expected, "\(type) \(isa.name)")
            }
        }
    }

    @Test("Abs, Neg and Sign take integers and wrap", arguments: [ElementType.int8, .int16, .int32, .int64])
    func integers(_ type: ElementType) throws {
        let low = -Double(sign: .plus, exponent: type.byteCount * 8 - 1, significand: 1)
        let x = Tensor([low, -3, 0, 5], type, [4])
        let expected: [String: [Double]] = ["Abs": [low, 3, 0, 5], "Neg": [low, 3, 0, -5], "Sign": [-1, -1, 0, 1]]
        for (name, wanted) in expected {
            #expect(try evaluate(makeOperator(name, in: ElementwiseOperators.spellings), [x])[0].numbers == wanted, "\(name)")
        }
    }

    @Test("refuse types that the standard does not give them")
    func refusals() throws {
        for (name, type) in [("Neg", ElementType.uint8), ("Exp", .int32), ("Not", .float32), ("Abs", .bool), ("Sqrt", .int64)] {
            let op = try makeOperator(name, in: ElementwiseOperators.spellings)
            #expect(throws: OperatorError.self, "\(name)") { try evaluate(op, [Tensor([1], type, [1])]) }
        }
    }

    @Test("IsNaN and IsInf find what they are told to")
    func predicates() throws {
        for type in [ElementType.float32, .float64, .float16, .bfloat16] {
            let x = Tensor([1, .nan, .infinity, -.infinity, 0], type, [5])
            func run(_ name: String, _ attributes: [String: Attribute] = [:]) throws -> [Double] {
                try evaluate(makeOperator(name, in: ElementwiseOperators.spellings, attributes: attributes), [x])[0].numbers
            }
            #expect(try run("IsNaN") == [0, 1, 0, 0, 0])
            #expect(try run("IsInf") == [0, 0, 1, 1, 0])
            #expect(try run("IsInf", ["detect_negative": .integer(0)]) == [0, 0, 1, 0, 0])
            #expect(try run("IsInf", ["detect_positive": .integer(0)]) == [0, 0, 0, 1, 0])
        }
    }
}
