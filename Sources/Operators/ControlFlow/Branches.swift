import GraphIR

/// What operators have in common that run one of several graphs.
enum Branches {
    /// What holds of the outputs whichever branch runs.
    ///
    /// - Parameter names: what messages call the branches; their numbers when it is empty.
    static func join(_ branches: [[ValueFact]], count: Int, names: [String] = []) throws(OperatorError) -> [ValueFact] {
        let name = { (index: Int) in index < names.count ? names[index] : "branch \(index)" }
        var outputs: [ValueFact] = []
        for index in 0..<count {
            guard var joined = branches.first?[index].valueType else { throw .invalidValue("has no branch") }
            for (position, branch) in branches.enumerated().dropFirst() {
                guard let next = ValueType.join(joined, branch[index].valueType) else {
                    throw .invalidValue(
                        "output \(index) is \(joined) in \(name(0)) and \(branch[index].valueType) in \(name(position)); the types "
                            + "must agree"
                    )
                }
                joined = next
            }
            outputs.append(ValueFact(joined))
        }
        return outputs
    }

    /// Whether each branch keeps rows apart, and all in the same way.
    static func rows(_ inputs: RowInputs, count branchCount: Int) -> RowFlow {
        let count = inputs.outputs.count
        var common: [RowState]?
        for index in 0..<branchCount {
            guard let states = inputs.subgraphOutputs(index, []) else { return .mixed("has a branch that mixes rows") }
            guard states.count >= count, common == nil || common == Array(states.prefix(count)) else {
                return .mixed("has branches that carry rows differently")
            }
            common = Array(states.prefix(count))
        }
        return common.map(RowFlow.states) ?? .mixed("has no branch")
    }

    static func run(_ index: Int, _ context: EvaluationContext) throws -> [RuntimeValue] {
        let outputs = try context.run(subgraph: index, inputs: [])
        guard outputs.count >= context.outputCount else {
            throw OperatorError.invalidValue("its branch gives \(outputs.count) outputs, expected \(context.outputCount)")
        }
        return Array(outputs.prefix(context.outputCount))
    }
}
