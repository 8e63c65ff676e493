package import GraphIR
import Tensors

/// Runs its body while a trip count and a condition allow, handing values from one round to the next.
///
/// - Inputs: trip count (int64, optional), condition (bool, optional), then the carried values' beginnings.
/// - Body: (round number, condition, carried…) → (condition, carried…, one part of each scan output).
/// - Outputs: the carried values' ends, then each scan output: its parts stacked along a new first axis.
///
/// Carried values may be tensors, sequences and optionals; one that begins as an optional may be handed on as what that holds.
///
/// - Source: ONNX operator Loop.
package struct Loop: SubgraphOperator {
    package static let subgraphAttributes = ["body"]
    /// A loop that is still running after so many rounds is refused: its trip count or condition is bad.
    package let maximumRoundCount: Int

    package init(maximumRoundCount: Int = 10_000_000) { self.maximumRoundCount = maximumRoundCount }

    package func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        var facts = [ValueFact(.int64, Shape.scalar), ValueFact(.bool, Shape.scalar)]
        for index in 2..<max(inputs.count, 2) {
            facts.append(ValueFact(try inputs.required(index).valueType.ignoringShape))
        }
        return [facts]
    }

    /// The condition and the carried values as they go in; of the scan outputs' parts nothing is known.
    package func expectedOutputs(ofSubgraph index: Int, formals: [[ValueFact]]) -> [ValueType?] {
        formals[index].dropFirst().map(\.valueType.ignoringShape)
    }

    package func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        if inputs[0] != nil { _ = try inputs.required(0, of: [.int64]) }
        if inputs[1] != nil { _ = try inputs.required(1, of: [.bool]) }
        let carriedCount = max(inputs.count - 2, 0)
        guard let body = subgraphOutputs.first, subgraphOutputs.count == 1 else {
            throw .invalidValue("has \(subgraphOutputs.count) bodies, expected 1")
        }
        guard body.count >= 1 + carriedCount, body.count == 1 + inputs.outputCount else {
            throw .invalidValue(
                "its body gives \(body.count) outputs, expected \(1 + inputs.outputCount): the condition, \(carriedCount) "
                    + "carried values and \(inputs.outputCount - carriedCount) scan outputs"
            )
        }
        var outputs: [ValueFact] = []
        for index in 0..<carriedCount {
            let first = try inputs.required(index + 2), next = body[index + 1]
            guard let joined = CarriedOptionals.join(first.valueType, next.valueType) else {
                throw .invalidInput(index: index + 2, reason: "is \(first.valueType), the body hands on \(next.valueType)")
            }
            outputs.append(ValueFact(joined))
        }
        for part in body[(1 + carriedCount)...] {
            guard part.valueType.isDense else {
                throw .unsupported("a scan output of type \(part.valueType)")
            }
            outputs.append(
                ValueFact(part.elementType, part.shape.map { SymbolicShape([.unknown] + $0.dimensions) }))
        }
        return outputs
    }

    package func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.isFixed(0), inputs.isFixed(1) else { return .mixed("runs as many rounds for all rows as rows say") }
        let first = inputs.states.dropFirst(2).map { $0 ?? .shared }
        let rounds = CarriedRows(from: first, at: 1) { inputs.subgraphOutputs(0, [.shared, .shared] + $0) }
        guard let rounds else { return .mixed("mixes rows in its body") }
        guard rounds.results.first == .shared else { return .mixed("ends for all rows by what rows hold") }
        let parts = rounds.results.dropFirst(1 + rounds.carried.count)
        return .states(rounds.carried + parts.map { $0.stacked(along: 0) })
    }

    /// Carried values may be anything; trip count and condition are tensors.
    package var acceptsObjects: Bool { true }

    package func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let carriedCount = max(context.inputs.count - 2, 0)
        guard context.outputCount >= carriedCount else {
            throw OperatorError.invalidValue("has \(context.outputCount) outputs for \(carriedCount) carried values")
        }
        let carried = try (0..<carriedCount).map { try context.copy(try context.value($0 + 2)) }
        var rounds = LoopRounds(
            carried: carried, partCount: context.outputCount - carriedCount, tripCount: try context.tripCount(),
            condition: try context.has(1) ? context.flag(1) : true, maximumCount: maximumRoundCount)
        try rounds.run(context)
        return try rounds.results(context)
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Loop") { _ throws(OperatorError) in Loop() }
    ]
}

extension EvaluationContext {
    /// The trip count of a loop; without one, more than any loop may run.
    fileprivate func tripCount() throws(OperatorError) -> Int {
        guard has(0) else { return Int.max }
        let view = try required(0)
        guard view.elementType == .int64, let count = view.integers?.first, view.elementCount == 1 else {
            throw .invalidInput(index: 0, reason: "is \(view.spec), expected a single int64")
        }
        return count
    }
}
