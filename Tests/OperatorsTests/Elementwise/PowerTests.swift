import Foundation
import GraphIR
import Operators
import Tensors
import Testing

@Suite("Pow")
struct PowerTests {
    static let exponents: [ElementType] = [
        .float32, .float64, .float16, .bfloat16, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64,
    ]

    @Test("raises floats to exponents of every type", arguments: exponents)
    func floats(_ exponentType: ElementType) throws {
        let op = try makeOperator("Pow", in: ElementwiseOperators.spellings, inputs: 2)
        let bases: [Double] = [0.5, 2, 3, 1.5, 4, 0.25], exponents: [Double] = [0, 1, 3]
        let expected = BroadcastReference.apply([(bases, [2, 3]), (exponents, [3])], to: [2, 3]) { pow($0[0], $0[1]) }
        for type in [ElementType.float32, .float64, .float16] {
            for (isa, outputs) in try evaluateOnEveryLevel(
                op, [Tensor(bases, type, [2, 3]), Tensor(exponents, exponentType, [3])])
            {
                #expect(outputs[0].elementType == type)
                expectNumbers(outputs[0], expected, relative: type == .float16 ? 1e-3 : 3e-7, "\(type) \(isa.name)")
            }
        }
    }

    @Test("takes the short way for constant exponents and gives what the long way gives", arguments: [2, -1, 3, 0.5])
    func constantExponent(_ exponent: Double) throws {
        let op = try makeOperator("Pow", in: ElementwiseOperators.spellings, inputs: 2)
        let x: [Double] = (1...37).map { Double($0) / 4 }
        for (type, shape) in [(ElementType.float32, [] as Shape), (.int64, []), (.float64, [1])]
        where type.isFloatingPoint || exponent.rounded() == exponent {
            let inputs = [Tensor(x, .float32, [37]), Tensor([exponent], type, shape)]
            for (isa, outputs) in try evaluateOnEveryLevel(op, inputs, constants: [1]) {
                expectNumbers(outputs[0], x.map { pow($0, exponent) }, relative: 2e-7, "\(type) \(isa.name)")
            }
        }
    }

    @Test("raises integers exactly, wraps, and cuts reciprocals")
    func integers() throws {
        let op = try makeOperator("Pow", in: ElementwiseOperators.spellings, inputs: 2)
        func run(_ base: Int64, _ exponent: Int64) throws -> Int64 {
            try evaluate(op, [Tensor(scalar: base), Tensor(scalar: exponent)])[0].values(Int64.self)[0]
        }
        #expect(try run(3, 39) == 4_052_555_153_018_976_267)
        #expect(try run(-2, 63) == .min)
        #expect(try run(2, 64) == 0)
        #expect(try run(7, -1) == 0)
        #expect(try run(-1, -3) == -1)
        #expect(try run(0, 0) == 1)
        #expect(throws: OperatorError.self) { try run(0, -1) }
        let fractional = try evaluate(op, [Tensor([9, 2] as [Int32], shape: [2]), Tensor(scalar: 0.5 as Float)])[0]
        #expect(fractional.values(Int32.self) == [3, 1])
    }
}
