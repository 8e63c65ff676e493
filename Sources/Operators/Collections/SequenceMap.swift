import GraphIR
import Tensors

/// Runs its body once for each element of a sequence, and collects what that gives.
///
/// - Inputs: a sequence, then any number of sequences of as many elements and of tensors, which are the same in every round.
/// - Body: (an element of each sequence, each tensor) → (an element of each output).
/// - Outputs: a sequence for each output of the body.
/// - Source: ONNX operator SequenceMap (opset 17).
struct SequenceMap: SubgraphOperator {
    static let subgraphAttributes = ["body"]

    var acceptsObjects: Bool { true }

    func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        var facts = [ValueFact(try inputs.sequence(0))]
        for index in 1..<max(inputs.count, 1) {
            let fact = try inputs.required(index)
            if case .sequence = fact.valueType {
                facts.append(ValueFact(try inputs.sequence(index)))
            } else {
                facts.append(ValueFact(try inputs.tensor(index)))
            }
        }
        return [facts]
    }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        guard let body = subgraphOutputs.first, subgraphOutputs.count == 1 else {
            throw .invalidValue("has \(subgraphOutputs.count) bodies, expected 1")
        }
        guard body.count == inputs.outputCount else {
            throw .invalidValue("has \(inputs.outputCount) outputs, its body gives \(body.count)")
        }
        var outputs: [ValueFact] = []
        for part in body {
            guard let type = part.valueType.tensor else {
                throw .invalidValue("its body gives \(part.valueType), expected tensors")
            }
            outputs.append(Sequences.fact(of: type))
        }
        return outputs
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var sequences: [[RuntimeValue]?] = [], formals: [ValueView] = []
        for index in context.inputs.indices {
            let value = try context.value(index)
            if case .object(.sequence(let elements)) = value { sequences.append(elements) } else { sequences.append(nil) }
            formals.append(value)
        }
        let count = try context.sequence(0).count
        for case let elements? in sequences where elements.count != count {
            throw OperatorError.invalidValue("has sequences of \(count) and of \(elements.count) elements; they must be equal")
        }
        var results = [[RuntimeValue]](repeating: [], count: context.outputCount)
        for round in 0..<count {
            try context.checkStop()
            for (index, elements) in sequences.enumerated() {
                if let elements { formals[index] = ValueView(elements[round]) }
            }
            let outputs = try withExtendedLifetime(sequences) { try context.run(subgraph: 0, inputs: formals) }
            guard outputs.count == results.count else {
                throw OperatorError.invalidValue("its body gives \(outputs.count) outputs, expected \(results.count)")
            }
            for (index, output) in outputs.enumerated() { results[index].append(output) }
        }
        return results.map(RuntimeValue.sequence)
    }
}
