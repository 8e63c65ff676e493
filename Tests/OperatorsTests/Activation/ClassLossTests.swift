import GraphIR
import Operators
import Tensors
import Testing

/// Expected numbers come from ONNX's reference implementation.
@Suite("NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss")
struct ClassLossTests {
    struct Case: Sendable {
        let name: String, reduction: String, loss: [Double]
    }

    static let cases = [
        Case(name: "SoftmaxCrossEntropyLoss", reduction: "none", loss: [1.752298, 3.360539, 1.18027, 0]),
        Case(name: "SoftmaxCrossEntropyLoss", reduction: "sum", loss: [6.293107]),
        Case(name: "SoftmaxCrossEntropyLoss", reduction: "mean", loss: [1.798031]),
        Case(name: "NegativeLogLikelihoodLoss", reduction: "none", loss: [0.75, 2, 0, 0]),
        Case(name: "NegativeLogLikelihoodLoss", reduction: "sum", loss: [2.75]),
        Case(name: "NegativeLogLikelihoodLoss", reduction: "mean", loss: [0.785714]),
    ]

    private let scores = Tensor((0..<12).map { Double($0 * 3 % 7 - 3) / 2 }, .float32, [2, 3, 2])
    private let labels = Tensor([0, 2, 1, -1], .int64, [2, 2])
    private let weights = Tensor([0.5, 1, 2] as [Float], shape: [3])

    private func make(_ name: String, outputs: Int = 1, _ attributes: [String: Attribute]) throws -> any Operator {
        try makeOperator(name, in: ActivationOperators.spellings, version: 13, inputs: 3, outputs: outputs, attributes: attributes)
    }

    @Test("weigh classes, ignore a label and reduce", arguments: cases)
    func losses(_ entry: Case) throws {
        let op = try make(entry.name, ["ignore_index": .integer(-1), "reduction": .string(entry.reduction)])
        for (type, tolerance) in [(ElementType.float32, 1e-5), (.float64, 1e-5), (.float16, 3e-3)] {
            let inputs = [Tensor(scores.numbers, type, scores.shape), labels, Tensor(weights.numbers, type, weights.shape)]
            expectNumbers(try evaluate(op, inputs)[0], entry.loss, relative: tolerance, absolute: 1e-6, "\(type)")
        }
    }

    @Test("give logarithms of probabilities on request")
    func logarithms() throws {
        let op = try make("SoftmaxCrossEntropyLoss", outputs: 2, [:])
        let outputs = try evaluate(op, [scores, Tensor([0, 2, 1, 1], .int32, [2, 2])], outputs: 2)
        expectNumbers(outputs[0], [1.717433], relative: 1e-5)
        expectNumbers(
            outputs[1],
            [
                -3.504597, -0.68027, -0.504597, -1.18027, -1.004597, -1.68027, -0.68027, -3.504597, -1.18027, -0.504597, -1.68027,
                -1.004597,
            ], relative: 1e-5)
    }

    @Test("refuse labels that are no classes")
    func refusals() throws {
        let op = try make("NegativeLogLikelihoodLoss", [:])
        #expect(throws: OperatorError.self) { try evaluate(op, [scores, labels]) }
        #expect(throws: OperatorError.self) { try evaluate(op, [scores, Tensor([0, 2, 1, 3], .int64, [2, 2])]) }
        #expect(throws: OperatorError.self) { try evaluate(op, [scores, Tensor([0, 2], .int64, [2])]) }
    }
}
