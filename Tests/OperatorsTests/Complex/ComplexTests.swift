import GraphIR
import Operators
import Tensors
import Testing

@Suite("Complex numbers")
struct ComplexTests {
    typealias Number = Complex<Double>

    static let attributes = ["T": TensorFlowCase.type(.complex128)]

    static let functions: [(String, Number, Number)] = [
        ("Neg", Number(1, -2), Number(-1, 2)), ("Conj", Number(1, -2), Number(1, 2)), ("Sign", Number(3, 4), Number(0.6, 0.8)),
        ("Square", Number(1, 2), Number(-3, 4)), ("Reciprocal", Number(0, 2), Number(0, -0.5)), ("Sqrt", Number(-4, 0), Number(0, 2)),
        ("Exp", Number(0, Double.pi), Number(-1, 0)), ("Log", Number(-1, 0), Number(0, Double.pi)),
        ("Asin", Number(2, 0), Number(Double.pi / 2, 1.3169578969248166)),
        ("Acosh", Number(-2, 0), Number(1.3169578969248166, Double.pi)),
        ("Tanh", Number(30, 2), Number(1, 0)), ("Atanh", Number(-2, 0), Number(-0.5493061443340549, Double.pi / 2)),
    ]

    @Test("have the functions of real ones", arguments: functions)
    func function(_ name: String, _ argument: Number, _ expected: Number) throws {
        let result = try TensorFlowCase.run(name, [Tensor([argument], shape: [1])], Self.attributes)[0].values(Number.self)[0]
        #expect(abs(result.real - expected.real) < 1e-12 && abs(result.imaginary - expected.imaginary) < 1e-12, "\(name): \(result)")
    }

    @Test("are added, multiplied, divided, compared and joined")
    func arithmetic() throws {
        let a = Tensor([Number(1, 2), Number(3, 4)], shape: [2]), b = Tensor([Number(0, 1)], shape: [1])
        func run(_ name: String) throws -> [Number] {
            try TensorFlowCase.run(name, [a, b], Self.attributes)[0].values(Number.self)
        }
        #expect(try run("AddV2") == [Number(1, 3), Number(3, 5)])
        #expect(try run("Sub") == [Number(1, 1), Number(3, 3)])
        #expect(try run("Mul") == [Number(-2, 1), Number(-4, 3)])
        #expect(try run("RealDiv") == [Number(2, -1), Number(4, -3)])
        #expect(try TensorFlowCase.run("Equal", [a, a], Self.attributes)[0].numbers == [1, 1])
        let axis = Tensor([0] as [Int32], shape: [1])
        #expect(try TensorFlowCase.run("Sum", [a, axis], Self.attributes)[0].values(Number.self) == [Number(4, 6)])
        #expect(try TensorFlowCase.run("ComplexAbs", [Tensor([Number(3, 4)], shape: [1])])[0].numbers == [5])
    }

    @Test("have no order")
    func order() {
        let a = Tensor([Number(1, 2)], shape: [1])
        for name in ["Less", "Maximum"] {
            #expect(throws: OperatorError.self) { try TensorFlowCase.run(name, [a, a], Self.attributes) }
        }
    }
}
