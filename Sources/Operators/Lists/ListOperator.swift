import GraphIR
import Tensors

/// One of the operators on lists of tensors, which all are dynamic and differ in what they do to a list.
struct ListOperator: DynamicOperator {
    let name: String
    let inputCount: ClosedRange<Int>
    let type: @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact]
    let run: @Sendable (EvaluationContext) throws(OperatorError) -> [RuntimeValue]

    init(
        _ name: String, inputs: ClosedRange<Int>, type: @escaping @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact],
        run: @escaping @Sendable (EvaluationContext) throws(OperatorError) -> [RuntimeValue]
    ) {
        (self.name, inputCount, self.type, self.run) = (name, inputs, type, run)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(inputCount)
        return try type(inputs)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { try run(context) }
}

extension ValueFact {
    init(listOf elementType: ElementType, _ shape: SymbolicShape?) { self.init(.list(TensorType(elementType, shape))) }
}
