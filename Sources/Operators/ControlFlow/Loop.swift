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
        let tripCount = try context.tripCount()
        let carriedCount = max(context.inputs.count - 2, 0)
        let scanCount = context.outputCount - carriedCount
        guard scanCount >= 0 else {
            throw OperatorError.invalidValue("has \(context.outputCount) outputs for \(carriedCount) carried values")
        }
        var condition = try context.inputs.count > 1 && context.inputs[1] != nil ? context.flag(1) : true
        var carried = try (0..<carriedCount).map { try context.copy(try context.value($0 + 2)) }
        var optionals = CarriedOptionals(carried)
        var parts = [[Tensor]](repeating: [], count: scanCount)
        var round = 0
        while condition, round < tripCount {
            guard round < maximumRoundCount else {
                throw OperatorError.invalidValue(
                    "is still running after \(maximumRoundCount) rounds (trip count \(tripCount)); check its trip count and "
                        + "condition"
                )
            }
            try context.checkStop()
            let inputs = [.tensor(Tensor(scalar: Int64(round))), .tensor(Tensor(scalar: condition))] + carried
            let results = try withExtendedLifetime(inputs) { try context.run(subgraph: 0, inputs: inputs.map(ValueView.init)) }
            guard results.count == 1 + carriedCount + scanCount else {
                throw OperatorError.invalidValue(
                    "its body gives \(results.count) outputs, expected \(1 + carriedCount + scanCount)")
            }
            condition = try results[0].condition()
            carried = optionals.wrapped(results[1..<1 + carriedCount])
            for index in 0..<scanCount { parts[index].append(try results[1 + carriedCount + index].tensor()) }
            round += 1
        }
        let stacked = try parts.enumerated().map { index, parts in
            let fact = context.outputFact(ofSubgraph: 0, 1 + carriedCount + index)
            return RuntimeValue.tensor(try ScanOutput(axis: 0, isReversed: false).stack(parts, emptyLike: fact, context))
        }
        return try optionals.unwrapped(carried) { context.outputFact(ofSubgraph: 0, $0 + 1)?.valueType } + stacked
    }

    static let spellings: [OperatorSpelling] = [
        .onnx("Loop") { _ throws(OperatorError) in Loop() }
    ]
}

/// Carried values that begin as optionals and that the body hands on as what the optional holds: the body meets them as optionals
/// again, and after the loop they are what the body gave.
private struct CarriedOptionals {
    private let areOptional: [Bool]
    private var areHandedOnBare: [Bool?]

    init(_ carried: [RuntimeValue]) {
        areOptional = carried.map { if case .optional = $0 { true } else { false } }
        areHandedOnBare = Array(repeating: nil, count: carried.count)
    }

    /// What holds of a value that begins as `first` and that the body hands on as `next`; nil when they do not fit.
    static func join(_ first: ValueType, _ next: ValueType) -> ValueType? {
        if let joined = ValueType.join(first, next) { return joined }
        guard case .optional(let element) = first else { return nil }
        return ValueType.join(element, next)
    }

    /// What the next round meets when a round gave `values`.
    mutating func wrapped(_ values: ArraySlice<RuntimeValue>) -> [RuntimeValue] {
        values.enumerated().map { index, value in
            guard index < areOptional.count, areOptional[index] else { return value }
            if case .optional = value {
                areHandedOnBare[index] = false
                return value
            }
            areHandedOnBare[index] = true
            return .optional(value)
        }
    }

    /// What the loop gives when its rounds left `carried`.
    ///
    /// - Parameter type: what the body gives, where no round has shown it.
    func unwrapped(_ carried: [RuntimeValue], type: (Int) -> ValueType?) throws(OperatorError) -> [RuntimeValue] {
        var results = carried
        for index in carried.indices where areOptional[index] {
            guard case .optional(let value) = carried[index], areHandedOnBare[index] ?? Self.isBare(type(index)) else { continue }
            guard let value else { throw .invalidValue("ends with an optional that holds no value as carried value \(index)") }
            results[index] = value
        }
        return results
    }

    private static func isBare(_ type: ValueType?) -> Bool {
        switch type {
        case nil, .optional: false
        default: true
        }
    }
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

extension RuntimeValue {
    /// The single bool that a loop's body returns.
    fileprivate func condition() throws(OperatorError) -> Bool {
        guard case .tensor(let tensor) = self, tensor.elementType == .bool, let value = tensor.integers?.first,
            tensor.elementCount == 1
        else { throw .invalidValue("its body returns \(kind) for the condition, expected a single bool") }
        return value != 0
    }

    /// The dense tensor that a loop's body returns.
    func tensor() throws(OperatorError) -> Tensor {
        guard case .tensor(let tensor) = self else { throw .invalidValue("its body returns \(kind), expected a dense tensor") }
        return tensor
    }
}
