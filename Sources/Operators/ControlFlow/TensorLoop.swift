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
        var state = try (0..<carriedCount).map { try context.tensor(copying: try context.required($0)) }
        var spare = [Tensor?](repeating: nil, count: carriedCount)
        var buffers = try lists.indices.map { try ListBuffer(lists[$0], count: context.integer(carriedCount + $0)) }
        var round = 0
        var runs = try firstRoundRuns(state, context)
        while runs {
            guard round < maximumRoundCount else {
                throw OperatorError.invalidValue("is still running after \(maximumRoundCount) rounds; check its condition")
            }
            try context.checkStop()
            try withExtendedLifetime(state) {
                try context.lend(subgraph: 1, inputs: state.map { .dense($0.view) }) { outputs in
                    runs = try take(outputs, &spare, &buffers, context)
                }
            }
            for index in state.indices {
                let next = spare[index] ?? state[index]
                spare[index] = state[index]
                state[index] = next
            }
            round += 1
        }
        var results = state.map(RuntimeValue.tensor)
        for index in buffers.indices { results.append(.tensor(try buffers[index].stacked(context))) }
        return results
    }

    private func firstRoundRuns(_ state: [Tensor], _ context: EvaluationContext) throws -> Bool {
        let results = try withExtendedLifetime(state) {
            try context.run(subgraph: 0, inputs: state.map { .dense($0.view) })
        }
        guard let condition = results.first, results.count == 1 else {
            throw OperatorError.invalidValue("its condition gives \(results.count) outputs, expected 1")
        }
        return try Condition.holds(condition)
    }

    /// Takes over what a round gives.
    ///
    /// - Parameter next: where the carried tensors go: memory of the round before the last, where it fits.
    /// - Returns: whether another round runs.
    private func take(
        _ outputs: [ValueView], _ next: inout [Tensor?], _ buffers: inout [ListBuffer], _ context: EvaluationContext
    ) throws(OperatorError) -> Bool {
        guard outputs.count == carriedCount + 2 * lists.count + 1 else {
            throw .invalidValue("its body gives \(outputs.count) outputs, expected \(carriedCount + 2 * lists.count + 1)")
        }
        for index in 0..<carriedCount {
            let view = try Self.dense(outputs[index])
            if let tensor = next[index], tensor.spec == view.spec {
                tensor.storage.baseAddress.copyMemory(from: view.baseAddress, byteCount: view.spec.byteCount)
            } else {
                next[index] = try context.tensor(copying: view)
            }
        }
        for index in buffers.indices {
            let place = try Self.dense(outputs[carriedCount + 2 * index])
            guard place.elementCount == 1, let number = place.integers?.first else {
                throw .invalidValue("puts an element at \(place.spec), expected a single integer")
            }
            try buffers[index].put(try Self.dense(outputs[carriedCount + 2 * index + 1]), at: number, context)
        }
        return try Condition.holds(try context.copy(outputs[outputs.count - 1]))
    }

    private static func dense(_ value: ValueView) throws(OperatorError) -> TensorView {
        guard case .dense(let view) = value else { throw .invalidValue("its body gives \(value.kind), expected a dense tensor") }
        return view
    }
}

/// The elements of a list in one tensor, which is there once the shape of an element is known.
private struct ListBuffer {
    let list: TensorLoop.List
    let count: Int
    private var tensor: Tensor?

    init(_ list: TensorLoop.List, count: Int) throws(OperatorError) {
        guard count >= 0, count <= TensorList.maximumCount else { throw .invalidValue("makes a list of \(count) elements") }
        if let expected = list.expectedCount, expected != count {
            throw .invalidValue("stacks a list of \(count) elements, expected \(expected)")
        }
        (self.list, self.count) = (list, count)
    }

    mutating func put(_ element: TensorView, at place: Int, _ context: EvaluationContext) throws(OperatorError) {
        guard place >= 0, place < count else { throw .invalidValue("has element \(place) of a list of \(count)") }
        guard element.elementType == list.element.elementType, list.element.shape?.admits(element.shape) ?? true else {
            throw .invalidValue("puts \(element.spec) into a list of \(list.element)")
        }
        let tensor: Tensor
        if let known = self.tensor { tensor = known } else { tensor = try zeros(element.shape, context) }
        self.tensor = tensor
        guard tensor.shape.extents.dropFirst().elementsEqual(element.shape.extents) else {
            throw .invalidValue("puts \(element.spec) into a list of elements of shape \(tensor.shape.extents.dropFirst())")
        }
        let byteCount = element.spec.byteCount
        (tensor.storage.baseAddress + place * byteCount).copyMemory(from: element.baseAddress, byteCount: byteCount)
    }

    func stacked(_ context: EvaluationContext) throws(OperatorError) -> Tensor {
        if let tensor { return tensor }
        guard let shape = list.element.shape?.concrete else {
            throw .invalidValue("stacks \(count) elements whose shape is not known (\(list.element))")
        }
        return try zeros(shape, context)
    }

    private func zeros(_ element: Shape, _ context: EvaluationContext) throws(OperatorError) -> Tensor {
        let shape = try Shape(checked: [count] + element.extents, what: "the stacked elements")
        return try context.makeTensor(TensorSpec(list.element.elementType, shape)) { bytes in
            bytes.initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}

extension EvaluationContext {
    /// A copy of `view` in memory of its own.
    fileprivate func tensor(copying view: TensorView) throws(OperatorError) -> Tensor {
        try makeTensor(view.spec) { $0.copyMemory(from: view.bytes) }
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
