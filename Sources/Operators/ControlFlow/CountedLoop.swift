import GraphIR
import Tensors

/// Runs its body for each number from `start` on, in steps of `delta`, before `limit`.
///
/// - Inputs: start, limit and delta, int32 [], then the carried values' beginnings; outputs: their ends.
/// - Body: (number, carried…) → (carried…).
/// - Source: TensorFlow operator For.
struct CountedLoop: SubgraphOperator {
    static let subgraphAttributes = ["body"]

    var name: String { "For" }
    var acceptsObjects: Bool { true }
    var typesAreTried: Bool { true }

    func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        var facts = [ValueFact(.int32, Shape.scalar)]
        for index in 3..<max(inputs.count, 3) { facts.append(ValueFact(try inputs.required(index).valueType)) }
        return [facts]
    }

    func widenedInputs(_ formals: [[ValueFact]], subgraphOutputs: [[ValueFact]]) -> [[ValueFact]]? {
        guard let known = formals.first, let body = subgraphOutputs.first, body.count + 1 == known.count else { return nil }
        var isWider = false
        var wider = [known[0]]
        for (formal, next) in zip(known.dropFirst(), body) {
            guard let joined = ValueType.join(formal.valueType, next.valueType), joined != formal.valueType else {
                wider.append(formal)
                continue
            }
            isWider = true
            wider.append(ValueFact(joined))
        }
        return isWider ? [wider] : nil
    }

    func expectedOutputs(ofSubgraph index: Int, formals: [[ValueFact]]) -> [ValueType?] {
        formals[index].dropFirst().map(\.valueType)
    }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        for index in 0..<3 { _ = try inputs.required(index, of: [.int32]) }
        guard let body = subgraphOutputs.first, subgraphOutputs.count == 1, body.count == inputs.count - 3 else {
            throw .invalidValue("has \(inputs.count - 3) carried values, its body gives \(subgraphOutputs.first?.count ?? 0)")
        }
        var outputs: [ValueFact] = []
        for (index, next) in body.enumerated() {
            let first = try inputs.required(index + 3)
            guard let joined = ValueType.join(first.valueType, next.valueType) else {
                throw .invalidInput(index: index + 3, reason: "is \(first.valueType), the body hands on \(next.valueType)")
            }
            outputs.append(ValueFact(joined))
        }
        return outputs
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let start = try context.integer(0), limit = try context.integer(1), delta = try context.integer(2)
        guard delta > 0 && start <= limit || delta < 0 && start >= limit else {
            throw OperatorError.invalidValue("counts from \(start) to \(limit) in steps of \(delta)")
        }
        let carried = try (3..<max(context.inputs.count, 3)).map { try context.copy(try context.value($0)) }
        var rounds = CountedRounds(carried: carried, number: start, limit: limit, delta: delta)
        try rounds.run(context)
        return rounds.carried
    }

    static let spellings: [OperatorSpelling] = [.tensorFlow("For") { _ throws(OperatorError) in CountedLoop() }]
}

/// The rounds of one run of a `CountedLoop`.
private struct CountedRounds: SettlingRounds {
    private(set) var carried: [RuntimeValue]
    /// Of the next round.
    private var number: Int
    private let limit: Int
    private let delta: Int

    init(carried: [RuntimeValue], number: Int, limit: Int, delta: Int) {
        (self.carried, self.number, self.limit, self.delta) = (carried, number, limit, delta)
    }

    func runsAnother(_ context: EvaluationContext) throws -> Bool {
        guard delta > 0 ? number < limit : number > limit else { return false }
        try context.checkStop()
        return true
    }

    mutating func runSteadily(_ context: EvaluationContext) throws -> Bool {
        let counter = Tensor(scalar: Int32(truncatingIfNeeded: number))
        guard
            var steady = try SteadyRounds(
                subgraph: 0, leading: [counter.spec], carried: carried, outputCount: carried.count, context)
        else { return false }
        steady.setInput(0, UnsafeRawPointer(counter.storage.baseAddress))
        while try runsAnother(context) {
            counter.storage.baseAddress.storeBytes(of: Int32(truncatingIfNeeded: number), as: Int32.self)
            try steady.run { _ in }
            number += delta
        }
        withExtendedLifetime(counter) {}
        carried = steady.carried.map(RuntimeValue.tensor)
        return true
    }

    mutating func runAnew(_ context: EvaluationContext) throws {
        let inputs = [.tensor(Tensor(scalar: Int32(truncatingIfNeeded: number)))] + carried
        let results = try withExtendedLifetime(inputs) { try context.run(subgraph: 0, inputs: inputs.map(ValueView.init)) }
        guard results.count == carried.count else {
            throw OperatorError.invalidValue("its body gives \(results.count) outputs, expected \(carried.count)")
        }
        carried = results
        number += delta
    }
}
