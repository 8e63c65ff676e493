import GraphIR
import Tensors

/// A loop whose state is dense tensors: its condition is computed along with its body, and elements that rounds put into lists go
/// into tensors at once.
///
/// - Inputs: the carried tensors' beginnings, then for each list its length, int32 [].
/// - Graphs: `cond` (carried…) → whether the first round runs; `body` (carried…) → (carried…, for each list a place and an element,
///   whether another round runs).
/// - Outputs: the carried tensors' ends, then each list's elements stacked along a new first axis, zeros where none was put.
/// - Source: made of `While` by `TensorLoops`.
struct TensorLoop: SubgraphOperator {
    static let subgraphAttributes = ["cond", "body"]

    /// A list that rounds put elements into.
    struct List: Sendable {
        /// What its elements must be.
        let element: TensorType
        /// How many elements its reader expects.
        let expectedCount: Int?
    }

    let carriedCount: Int
    let lists: [List]
    let maximumRoundCount: Int

    var name: String { "While" }

    func subgraphInputs(_ inputs: OperatorInputs) throws(OperatorError) -> [[ValueFact]] {
        var facts: [ValueFact] = []
        for index in 0..<carriedCount { facts.append(ValueFact(try inputs.required(index).valueType.ignoringShape)) }
        return [facts, facts]
    }

    func infer(_ inputs: OperatorInputs, subgraphOutputs: [[ValueFact]]) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(carriedCount + lists.count...carriedCount + lists.count)
        guard subgraphOutputs.count == 2, subgraphOutputs[1].count == carriedCount + 2 * lists.count + 1 else {
            throw .invalidValue("has a body of \(subgraphOutputs.last?.count ?? 0) outputs")
        }
        let body = subgraphOutputs[1]
        var outputs: [ValueFact] = []
        for index in 0..<carriedCount {
            let first = try inputs.required(index)
            guard let joined = ValueType.join(first.valueType, body[index].valueType) else {
                throw .invalidInput(index: index, reason: "is \(first.valueType), the body hands on \(body[index].valueType)")
            }
            outputs.append(ValueFact(joined))
        }
        for index in lists.indices {
            let element = body[carriedCount + 2 * index + 1]
            let length = inputs[carriedCount + index]?.integers?.first.map(Dimension.known) ?? .unknown
            outputs.append(
                ValueFact(element.elementType, element.shape.map { SymbolicShape([length] + $0.dimensions) }))
        }
        return outputs
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard lists.indices.allSatisfy({ inputs.isFixed(carriedCount + $0) }) else {
            return .mixed("collects as many elements as the number of rows makes it")
        }
        let first = inputs.states.prefix(carriedCount).map { $0 ?? .shared }
        guard let rounds = CarriedRows(from: first, at: 0, body: { inputs.subgraphOutputs(1, $0) }) else {
            return .mixed("mixes rows in its body")
        }
        guard inputs.subgraphOutputs(0, rounds.carried) == [.shared], rounds.results.last == .shared else {
            return .mixed("ends for all rows by what rows hold")
        }
        var states = rounds.carried
        for index in lists.indices {
            let place = rounds.results[carriedCount + 2 * index], element = rounds.results[carriedCount + 2 * index + 1]
            guard place == .shared else { return .mixed("puts elements where rows say") }
            states.append(element.stacked(along: 0))
        }
        return .states(states)
    }

    func evaluate(_ context: EvaluationContext) throws -> [RuntimeValue] {
        var rounds = try TensorLoopRounds(self, context)
        try rounds.run(context)
        return try rounds.results(context)
    }
}

/// A tensor's element along its first axis, by number.
///
/// - Shapes: data [n, d…], index int32 [] → [d…].
/// - Source: TensorListGetItem of a TensorListFromTensor, in a loop.
struct ListElement: Operator {
    var name: String { "TensorListGetItem" }

    func infer(_ inputs: OperatorInputs) throws(OperatorError) -> [ValueFact] {
        try inputs.checkCount(2...2)
        let data = try inputs.dense(0)
        _ = try inputs.indices(1)
        guard let shape = data.shape else { return [ValueFact(data.elementType, nil as SymbolicShape?)] }
        guard shape.rank > 0 else { throw .invalidInput(index: 0, reason: "is a scalar, which has no elements") }
        return [ValueFact(data.elementType, SymbolicShape(Array(shape.dimensions.dropFirst())))]
    }

    func rows(_ inputs: RowInputs) -> RowFlow {
        guard inputs.isFixed(1) else { return .mixed(RowReason.parameter) }
        guard let axis = inputs.axis(0), axis > 0 else { return .mixed(RowReason.selected) }
        return .rows(axis: axis - 1, of: inputs)
    }

    func compile(_ context: CompileContext) throws(OperatorError) -> CompiledOperator {
        let data = try context.input(0), index = try context.input(1)
        return CompiledOperator(
            ListElementKernel(count: data.shape[0], byteCount: context.outputs[0].byteCount, isWide: index.elementType == .int64))
    }
}

private struct ListElementKernel: Kernel {
    let count: Int
    let byteCount: Int
    let isWide: Bool

    func run(_ context: KernelContext) throws(OperatorError) {
        let index = isWide ? Int(context.input(1, as: Int64.self)[0]) : Int(context.input(1, as: Int32.self)[0])
        guard index >= 0, index < count else { throw .invalidValue("has element \(index) of a list of \(count)") }
        context.output(0).copyMemory(from: context.input(0) + index * byteCount, byteCount: byteCount)
    }
}
