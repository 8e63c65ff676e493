import GraphIR
import Tensors

/// Runs its first subgraph when input 0 is true, else the second.
struct FakeIf: SubgraphOperator {
    static let subgraphAttributes = ["then", "else"]

    var shapeOperands: Set<Int> { [0] }

    func subgraphInputs(_ inputs: OperatorInputs) -> [[ValueFact]] { [[], []] }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        zip(subgraphOutputs[0], subgraphOutputs[1]).map { then, other in
            then.valueType.isDense && then.valueType != other.valueType ? ValueFact(then.elementType, nil) : ValueFact(then.valueType)
        }
    }

    func selectedSubgraph(_ inputs: OperatorInputs) -> Int? { inputs[0]?.integers.map { $0[0] != 0 ? 0 : 1 } }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        let condition = try context.required(0).integers ?? []
        return try context.run(subgraph: condition.first == 1 ? 0 : 1, inputs: [])
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs[0] == .shared else { return .mixed("is decided by rows") }
        guard let then = inputs.subgraphOutputs(0, []), then == inputs.subgraphOutputs(1, []) else {
            return .mixed("has branches that mix rows")
        }
        return .states(then)
    }
}

/// Runs its body as often as input 0 says over the other inputs: the body is given the round, then what it gave before.
struct FakeLoop: SubgraphOperator {
    static let subgraphAttributes = ["body"]

    var acceptsObjects: Bool { true }

    func subgraphInputs(_ inputs: OperatorInputs) -> [[ValueFact]] {
        let carried = inputs.facts.dropFirst().map { fact in
            guard let fact, fact.valueType.isDense else { return fact ?? ValueFact(.float32, nil) }
            return ValueFact(fact.elementType, nil)
        }
        return [[ValueFact(.int64, SymbolicShape([.known(1)]))] + carried]
    }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        zip(inputs.facts.dropFirst(), subgraphOutputs[0]).map { given, made in
            guard made.valueType.isDense else { return ValueFact(made.valueType) }
            let isSteady = made.concrete != nil && given?.concrete == made.concrete
            return isSteady ? ValueFact(made.type) : ValueFact(made.elementType, nil)
        }
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var carried: [RuntimeValue] = []
        for index in 1..<context.inputs.count { carried.append(try context.copy(context.value(index))) }
        for round in 0..<max(0, try context.required(0).integers?.first ?? 0) {
            try context.checkStop()
            let round = RuntimeValue.tensor(Tensor([Int64(round)], shape: [1]))
            carried = try withExtendedLifetime((round, carried)) {
                try context.run(subgraph: 0, inputs: ([round] + carried).map(ValueView.init))
            }
        }
        return carried
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        let carried = inputs.states.dropFirst().compactMap(\.self)
        guard inputs[0] == .shared, inputs.subgraphOutputs(0, [.shared] + carried) == carried else {
            return .mixed("has a body that mixes rows")
        }
        return .states(carried)
    }
}
