import GraphIR
import Tensors

/// One of the operators on variables, which all are dynamic and differ in what they do to one.
struct VariableOperator: DynamicOperator {
    let name: String
    let effects: Effects
    let type: @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact]
    let run: @Sendable (EvaluationContext) throws(OperatorError) -> [RuntimeValue]

    init(
        _ name: String, effects: Effects, type: @escaping @Sendable (OperatorInputs) throws(OperatorError) -> [ValueFact],
        run: @escaping @Sendable (EvaluationContext) throws(OperatorError) -> [RuntimeValue]
    ) {
        (self.name, self.effects, self.type, self.run) = (name, effects, type, run)
    }

    var acceptsObjects: Bool { true }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] { try type(inputs) }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] { try run(context) }

    /// One that changes a variable and gives nothing, and the form of TensorFlow 1 that gives the new value.
    ///
    /// - Parameters:
    ///   - inputCount: the handle's included.
    ///   - change: what becomes of the contents.
    static func updates(
        _ name: String, reference: String?, inputCount: Int,
        _ change: @escaping @Sendable (AttributeReader) throws(OperatorError) -> Change
    ) -> [OperatorSpelling] {
        let update = { @Sendable (name: String, givesValue: Bool) -> OperatorSpelling in
            .tensorFlow(name) { reader throws(OperatorError) in
                let change = try change(reader)
                return VariableOperator(name, effects: [.readsResource, .writesResource]) { inputs throws(OperatorError) in
                    try inputs.checkCount(inputCount...inputCount)
                    let type = try inputs.variable()
                    return givesValue ? [ValueFact(type)] : []
                } run: { context throws(OperatorError) in
                    let variable = try context.variable()
                    let result = try variable.update { value throws(OperatorError) in
                        .tensor(try change(try context.dense(value, of: variable), variable, context))
                    }
                    return givesValue ? [result.after] : []
                }
            }
        }
        return [update(name, false)] + (reference.map { [update($0, true)] } ?? [])
    }

    typealias Change = @Sendable (Tensor, Variable, EvaluationContext) throws(OperatorError) -> Tensor
}
