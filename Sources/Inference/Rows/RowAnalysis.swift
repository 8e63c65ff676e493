import GraphIR
import Tensors

/// Derives, node by node, whether the rows of a batch are independent of each other and of how many there are.
///
/// The graph is walked for two batches at once, one of many rows and one of a single row, with concrete types: what is computed
/// from shapes is then known for both, and where both agree it does not depend on the rows. That a row is computed in the batch
/// as it would be alone follows by induction: at every node the types of both differ on the rows' axis alone, what does not
/// carry rows is equal, and the operator says that it keeps rows apart.
struct RowAnalysis {
    /// What is known of a value in both batches.
    struct Value {
        var many: ValueFact
        var one: ValueFact
        var flow: Flow

        /// The same in both batches.
        init(shared fact: ValueFact) { (many, one, flow) = (fact, fact, .known(.shared)) }

        init(many: ValueFact, one: ValueFact, _ flow: Flow) { (self.many, self.one, self.flow) = (many, one, flow) }
    }

    enum Flow {
        case known(RowState)
        /// Rows may be mixed, or nothing is known, for this reason.
        case mixed(String)

        var state: RowState? {
            if case .known(let state) = self { state } else { nil }
        }
    }

    /// Contents larger than this are not followed.
    fileprivate static let maximumFoldedBytes = 1 << 20

    let graph: Graph
    let rowCount: Int
    let evaluator: NodeEvaluator

    /// Whether rows are independent for inputs of these types, which have `rowCount` rows on their first axis.
    func verdict(_ specs: [TensorSpec]) -> RowVerdict {
        let inputs = specs.map { spec in
            let one = TensorSpec(spec.elementType, spec.shape.replacing(axis: 0, with: 1))
            return Value(many: ValueFact(spec.type), one: ValueFact(one.type), .known(.rows(axis: 0)))
        }
        let outputs = walk(inputs)
        for (output, id) in zip(outputs, graph.outputs) {
            let name = graph[id].name, type = output.many.valueType
            // Only dense answers can be split.
            guard type.isDense else { return .alone("output \"\(name)\" is \(type)") }
            switch output.flow {
            case .mixed(let reason): return .alone(reason)
            case .known(.rows(axis: 0)) where output.many.concrete?.shape.extents.first == rowCount: continue
            case .known(.rows(let axis)):
                return .alone(
                    "output \"\(name)\" of type \(type) does not have one row a request row on axis 0 (rows on axis \(axis))")
            case .known: return .alone("output \"\(name)\" carries no rows")
            }
        }
        return .independent
    }

    /// The graph's outputs for its inputs.
    fileprivate func walk(_ inputs: [Value]) -> [Value] {
        var values = graph.values.map { Value(shared: $0.fact) }
        for (input, value) in zip(graph.inputs, inputs) { values[input.index] = value }
        for node in graph.nodes {
            let results = visit(node, values)
            for (output, result) in zip(node.outputs, results) { values[output.index] = result }
        }
        return graph.outputs.map { values[$0.index] }
    }

    private func visit(_ node: Node, _ values: [Value]) -> [Value] {
        let call = NodeCall(node: node, values: values, analysis: self)
        do {
            return try call.outputs()
        } catch {
            return node.outputs.map { output in
                Value(many: values[output.index].many, one: values[output.index].one, .mixed(error.reason))
            }
        }
    }
}

/// Why the derivation ends at a node.
private struct RowFault: Error {
    let reason: String

    init(_ node: Node, _ what: String) { reason = "node \"\(node.name)\" (\(node.op.name)) \(what)" }
    init(reason: String) { self.reason = reason }
}

/// One node with what is known of everything that it reads.
private struct NodeCall {
    private let node: Node
    private let inputs: [RowAnalysis.Value?]
    private let captures: [RowAnalysis.Value]
    private let analysis: RowAnalysis

    init(node: Node, values: [RowAnalysis.Value], analysis: RowAnalysis) {
        self.node = node
        inputs = node.inputs.map { $0.map { values[$0.index] } }
        captures = node.captures.map { values[$0.index] }
        self.analysis = analysis
    }

    func outputs() throws(RowFault) -> [RowAnalysis.Value] {
        for value in inputs.compactMap(\.self) + captures {
            if case .mixed(let reason) = value.flow { throw RowFault(reason: reason) }
        }
        guard node.effects.isEmpty else { throw RowFault(node, "has effects beside its outputs") }
        let states = inputs.map { $0?.flow.state }
        let read = states.compactMap(\.self) + captures.compactMap(\.flow.state)
        if read.allSatisfy({ $0 == .shared }), !read.isEmpty || !node.op.readsTypesOnly { return try shared() }
        let carriesRows = read.contains { $0.axis != nil }
        if !carriesRows || node.op.readsTypesOnly { return try counted() }
        for (index, state) in states.enumerated() where state == .counted && !node.op.shapeOperands.contains(index) {
            throw RowFault(node, "reads the number of rows as data")
        }
        return try carried(states)
    }

    /// Nothing that the node reads depends on the rows.
    private func shared() throws(RowFault) -> [RowAnalysis.Value] {
        try facts(\.many).map { RowAnalysis.Value(shared: $0) }
    }

    /// The node reads numbers of rows, or types, and no row's contents.
    private func counted() throws(RowFault) -> [RowAnalysis.Value] {
        let many = try facts(\.many), one = try facts(\.one)
        var results: [RowAnalysis.Value] = []
        for (many, one) in zip(many, one) {
            guard let left = many.constant, let right = one.constant else {
                throw RowFault(node, "computes too much from the number of rows")
            }
            let state = left.rowState(beside: right, rowCount: analysis.rowCount)
            results.append(RowAnalysis.Value(many: many, one: one, .known(state)))
        }
        return results
    }

    private func carried(_ states: [RowState?]) throws(RowFault) -> [RowAnalysis.Value] {
        let many = try facts(\.many), one = try facts(\.one)
        let rows = RowInputs(
            states: states, facts: inputs.map { $0?.many }, outputs: many, rowCount: analysis.rowCount, single: inputs.map { $0?.one },
            subgraph: { [self] index, formals in subgraphStates(index, formals) })
        let flow = node.op.rows(rows)
        guard case .states(let states) = flow else {
            if case .mixed(let reason) = flow { throw RowFault(node, reason) }
            throw RowFault(node, "is not known to keep rows apart")
        }
        guard states.count == many.count else { throw RowFault(node, "is not known to keep the rows of all outputs apart") }
        var results: [RowAnalysis.Value] = []
        for index in states.indices {
            guard agrees(many[index], one[index], states[index]) else {
                throw RowFault(node, "gives a row another shape in a batch than alone")
            }
            results.append(RowAnalysis.Value(many: many[index], one: one[index], .known(states[index])))
        }
        return results
    }

    /// Whether the types in both batches differ as the state says and not otherwise.
    private func agrees(_ many: ValueFact, _ one: ValueFact, _ state: RowState) -> Bool {
        guard let left = many.valueType.tensor?.concrete, let right = one.valueType.tensor?.concrete,
            left.elementType == right.elementType
        else { return false }
        guard case .rows(let axis) = state else { return state == .shared && left == right }
        guard axis < left.shape.rank, left.shape.rank == right.shape.rank else { return false }
        return left.shape.extents.indices.allSatisfy { index in
            left.shape[index] == (index == axis ? right.shape[index] * analysis.rowCount : right.shape[index])
        }
    }

    /// The outputs in one of the batches: contents where they are known, else concrete types.
    private func facts(_ batch: KeyPath<RowAnalysis.Value, ValueFact>) throws(RowFault) -> [ValueFact] {
        let facts = OperatorInputs(inputs.map { $0?[keyPath: batch] }, outputCount: node.outputs.count)
        do throws(OperatorError) {
            if let op = node.op as? any SubgraphOperator { return try subgraphFacts(op, facts, batch) }
            if facts.facts.allSatisfy({ $0 == nil || $0?.constant != nil }),
                let tensors = try analysis.evaluator.fold(
                    node, inputs: facts.facts.map { $0?.constant }, maximumByteCount: RowAnalysis.maximumFoldedBytes)
            {
                return tensors.map(ValueFact.init(constant:))
            }
            let results = try node.op.infer(facts)
            guard results.count >= node.outputs.count, results.allSatisfy(\.isSettled) else {
                throw .invalidValue("has an output whose shape depends on contents")
            }
            return Array(results.prefix(node.outputs.count))
        } catch {
            if case .invalidValue(let reason) = error { throw RowFault(node, reason) }
            throw RowFault(node, "cannot be typed for a batch of \(analysis.rowCount) rows or one: \(error)")
        }
    }

    // MARK: Subgraphs

    private func subgraphFacts(
        _ op: any SubgraphOperator, _ facts: OperatorInputs, _ batch: KeyPath<RowAnalysis.Value, ValueFact>
    ) throws(OperatorError) -> [ValueFact] {
        var outputs: [[ValueFact]] = []
        for index in node.subgraphs.indices {
            outputs.append(try subgraphFacts(op, index, batch))
        }
        let results = try op.infer(facts, subgraphOutputs: outputs)
        guard results.count >= node.outputs.count, results.allSatisfy(\.isSettled) else {
            throw .invalidValue("has an output whose shape depends on contents")
        }
        return Array(results.prefix(node.outputs.count))
    }

    /// What subgraph `index` gives in one of the batches: types and contents, whatever becomes of the rows.
    private func subgraphFacts(
        _ op: any SubgraphOperator, _ index: Int, _ batch: KeyPath<RowAnalysis.Value, ValueFact>
    ) throws(OperatorError) -> [ValueFact] {
        let given = try formals(op, index, batch) + node.subgraphs[index].captures.map { captures[$0][keyPath: batch] }
        return walk(index, given.map { RowAnalysis.Value(shared: $0) }).map(\.many)
    }

    /// - Parameter states: of the formal inputs.
    private func subgraphStates(_ index: Int, _ states: [RowState]) -> [RowState]? {
        guard let op = node.op as? any SubgraphOperator, index < node.subgraphs.count else { return nil }
        let many: [ValueFact], one: [ValueFact]
        do {
            many = try formals(op, index, \.many)
            one = try formals(op, index, \.one)
        } catch {
            return nil  // What cannot be typed is not known to keep rows apart.
        }
        guard states.count == many.count, one.count == many.count else { return nil }
        let given = states.indices.map { RowAnalysis.Value(many: many[$0], one: one[$0], .known(states[$0])) }
        let outputs = walk(index, given + node.subgraphs[index].captures.map { captures[$0] })
        let known = outputs.compactMap(\.flow.state)
        return known.count == outputs.count ? known : nil
    }

    private func walk(_ index: Int, _ inputs: [RowAnalysis.Value]) -> [RowAnalysis.Value] {
        RowAnalysis(graph: node.subgraphs[index].graph, rowCount: analysis.rowCount, evaluator: analysis.evaluator).walk(inputs)
    }

    /// What the node hands the subgraph; where it does not say a shape, the input at the same place has it to begin with.
    private func formals(
        _ op: any SubgraphOperator, _ index: Int, _ batch: KeyPath<RowAnalysis.Value, ValueFact>
    ) throws(OperatorError) -> [ValueFact] {
        let facts = OperatorInputs(inputs.map { $0?[keyPath: batch] }, outputCount: node.outputs.count)
        let formals = try op.subgraphInputs(facts)
        guard index < formals.count else { return [] }
        return formals[index].enumerated().map { position, formal in
            guard formal.concrete == nil, let given = facts[position] else { return formal }
            return given.valueType.isDense ? ValueFact(given.type) : formal
        }
    }
}

extension ValueFact {
    /// Whether nothing of the type is left to contents: a tensor of known shape, of numbers or strings, or a resource.
    fileprivate var isSettled: Bool {
        switch valueType {
        case .tensor(let type): type.concrete != nil
        case .resource: true
        default: false
        }
    }
}
