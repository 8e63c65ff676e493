import GraphIR
import Operators
import Tensors
import Testing

@Suite("Activations that other kernels absorb")
struct FusableActivationTests {
    struct Case: Sendable {
        let name: String
        var version = 20
        var attributes: [String: Attribute] = [:]
        let fused: FusedActivation?
    }

    @Test(
        "say which function they are",
        arguments: [
            Case(name: "Relu", fused: .relu), Case(name: "Sigmoid", fused: .sigmoid), Case(name: "Tanh", fused: .tanh),
            Case(name: "Gelu", fused: .gelu),
            Case(name: "Gelu", attributes: ["approximate": .string("tanh")], fused: .geluByTanh),
            Case(name: "HardSwish", fused: .hardSwish), Case(name: "HardSigmoid", fused: .hardSigmoid(alpha: 0.2, beta: 0.5)),
            Case(name: "LeakyRelu", attributes: ["alpha": .float(0.3)], fused: .leakyRelu(alpha: 0.3)),
            Case(name: "Elu", fused: nil),
            Case(name: "Swish", version: 24, fused: .silu),
            Case(name: "Swish", version: 24, attributes: ["alpha": .float(2)], fused: nil),
            Case(name: "Clip", version: 6, attributes: ["min": .float(0), "max": .float(6)], fused: .clip(low: 0, high: 6)),
        ])
    func attributes(_ c: Case) throws {
        let spellings = ActivationOperators.spellings + ElementwiseOperators.spellings
        let op = try makeOperator(c.name, in: spellings, version: c.version, attributes: c.attributes)
        #expect(try #require(op as? any FusableActivation).fusedActivation == c.fused)
    }

    @Test("Clip knows its bounds when they are constant inputs")
    func clip() throws {
        let op = try #require(
            makeOperator("Clip", in: ElementwiseOperators.spellings, version: 13, inputs: 3) as? any FusableActivation)
        let data = ValueFact(.float32, [4] as Shape), open = ValueFact(.float32, [] as Shape)
        let zero = ValueFact(constant: Tensor(scalar: 0 as Float)), six = ValueFact(constant: Tensor(scalar: 6 as Float))
        #expect(op.fusedActivation == nil)
        #expect(op.fusedActivation(of: OperatorInputs([data, zero, six])) == .clip(low: 0, high: 6))
        #expect(op.fusedActivation(of: OperatorInputs([data, nil, six])) == .clip(low: -.greatestFiniteMagnitude, high: 6))
        #expect(op.fusedActivation(of: OperatorInputs([data, zero])) == .clip(low: 0, high: .greatestFiniteMagnitude))
        #expect(op.fusedActivation(of: OperatorInputs([data, zero, open])) == nil)
    }
}
