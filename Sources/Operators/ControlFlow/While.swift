package import GraphIR
import Tensors

/// Runs its body as long as its condition holds, handing all values from one round to the next.
///
/// - Inputs: the carried values' beginnings; outputs: their ends.
/// - Graphs: `cond` (carried…) → one value that is true or not; `body` (carried…) → (carried…).
/// - Source: TensorFlow operators While and StatelessWhile.
package struct While: SubgraphOperator {
    package static let subgraphAttributes = ["cond", "body"]
    /// A loop that is still running after so many rounds is refused: its condition is bad.
    package let maximumRoundCount: Int

    package init(maximumRoundCount: Int = 10_000_000) { self.maximumRoundCount = maximumRoundCount }

    package var acceptsObjects: Bool { true }

    package var typesAreTried: Bool { true }

    /// What is known of the first round; `widenedInputs` says what is true of all.
    package func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        var facts: [ValueFact] = []
        for index in 0..<inputs.count { facts.append(ValueFact(try inputs.required(index).valueType)) }
        return [facts, facts]
    }

    package func widenedInputs(_ formals: [[ValueFact]], subgraphOutputs: [[ValueFact]]) -> [[ValueFact]]? {
        guard let carried = formals.first, subgraphOutputs.count == 2, subgraphOutputs[1].count == carried.count else { return nil }
        var isWider = false
        let wider = zip(carried, subgraphOutputs[1]).map { formal, next in
            guard let joined = ValueType.join(formal.valueType, next.valueType), joined != formal.valueType else { return formal }
            isWider = true
            return ValueFact(joined)
        }
        return isWider ? [wider, wider] : nil
    }

    /// The body gives what it is handed; the condition any tensor.
    package func expectedOutputs(ofSubgraph index: Int, formals: [[ValueFact]]) -> [ValueType?] {
        index == 0 ? [.tensor(TensorSpec(.bool, .scalar).type)] : formals[index].map(\.valueType)
    }

    package func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        guard subgraphOutputs.count == 2 else { throw .invalidValue("has \(subgraphOutputs.count) graphs, expected 2") }
        let condition = subgraphOutputs[0], body = subgraphOutputs[1]
        guard condition.count == 1, condition[0].valueType.tensor != nil else {
            throw .invalidValue("its condition gives \(condition.map(\.valueType.description)), expected one tensor")
        }
        guard body.count == inputs.count, inputs.outputCount <= inputs.count else {
            throw .invalidValue(
                "has \(inputs.count) inputs and \(inputs.outputCount) outputs, its body gives \(body.count); all must agree")
        }
        var outputs: [ValueFact] = []
        for (index, next) in body.enumerated() {
            let first = try inputs.required(index)
            guard let joined = ValueType.join(first.valueType, next.valueType) else {
                throw .invalidInput(index: index, reason: "is \(first.valueType), the body hands on \(next.valueType)")
            }
            outputs.append(ValueFact(joined))
        }
        return outputs
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        let first = inputs.states.map { $0 ?? .shared }
        guard let rounds = CarriedRows(from: first, at: 0, body: { inputs.subgraphOutputs(1, $0) }) else {
            return .mixed("mixes rows in its body")
        }
        guard let condition = inputs.subgraphOutputs(0, rounds.carried), condition == [.shared] else {
            return .mixed("ends for all rows by what rows hold")
        }
        return .states(rounds.carried)
    }

    package func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var carried = try context.inputs.indices.map { try context.copy(try context.value($0)) }
        var round = 0
        while try holds(carried, context) {
            guard round < maximumRoundCount else {
                throw OperatorError.invalidValue("is still running after \(maximumRoundCount) rounds; check its condition")
            }
            try context.checkStop()
            let results = try withExtendedLifetime(carried) {
                try context.run(subgraph: 1, inputs: carried.map(ValueView.init))
            }
            guard results.count == carried.count else {
                throw OperatorError.invalidValue("its body gives \(results.count) outputs, expected \(carried.count)")
            }
            carried = results
            round += 1
        }
        return carried
    }

    private func holds(_ carried: [RuntimeValue], _ context: EvaluationContext) throws -> Bool {
        let results = try withExtendedLifetime(carried) { try context.run(subgraph: 0, inputs: carried.map(ValueView.init)) }
        guard let condition = results.first, results.count == 1 else {
            throw OperatorError.invalidValue("its condition gives \(results.count) outputs, expected 1")
        }
        return try Condition.holds(condition)
    }

    static let spellings: [OperatorSpelling] = ["While", "StatelessWhile"].map { name in
        .tensorFlow(name) { _ throws(OperatorError) in While() }
    }
}
