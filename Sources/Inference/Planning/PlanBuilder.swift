import GraphIR
import Tensors

/// Turns a graph into a plan for concrete input shapes.
///
/// Types are inferred anew with concrete extents; whatever then is constant (the arithmetic on shapes) is computed here and
/// leaves no step. A value type: the state at a boundary is kept and resumed once for each shape that appears there.
struct PlanBuilder: Sendable {
    /// Constants of one plan alone are folded up to this many bytes; larger ones are computed in each run.
    private static let maximumFoldedBytes = 1 << 20

    private var facts: [ValueFact]
    /// Constants that live as long as the model, whose prepared forms may be shared.
    private var isModelConstant: [Bool]
    /// Values that stand for another one, after a branch has been put in the place of its node.
    private var stand: [ValueID?]
    private var isComputed: [Bool]
    /// Nodes still to plan, last first.
    private var pending: [EngineNode]
    private let outputs: [ValueID]
    private let limits: EngineLimits
    private let store: ConstantStore

    private var inputs: [ValueID] = []
    private var planned: [Node] = []

    init(graph: Graph, nodes: [EngineNode], inputs specs: [TensorSpec], store: ConstantStore, limits: EngineLimits) {
        facts = graph.values.map(\.fact)
        isModelConstant = facts.map { $0.constant != nil }
        stand = Array(repeating: nil, count: facts.count)
        isComputed = Array(repeating: false, count: facts.count)
        pending = nodes.reversed()
        outputs = graph.outputs
        self.limits = limits
        self.store = store
        for (input, spec) in zip(graph.inputs, specs) { take(input, as: spec) }
    }

    private mutating func take(_ value: ValueID, as spec: TensorSpec) {
        facts[value.index] = ValueFact(spec.type)
        isComputed[value.index] = true
        inputs.append(value)
    }

    /// Goes on behind the boundary node `node`, whose outputs have turned out as `specs`.
    mutating func resume(behind node: Node, outputs specs: [TensorSpec]) throws(EngineError) -> Plan {
        for (output, spec) in zip(node.outputs, specs) { take(output, as: spec) }
        return try build()
    }

    mutating func build() throws(EngineError) -> Plan {
        while let next = pending.popLast() {
            if try plan(next) { continue }
            return try finish(at: next)
        }
        return try finish(at: nil)
    }

    // MARK: One node

    /// - Returns: false when the node's outputs depend on contents, so that the plan ends here.
    private mutating func plan(_ next: EngineNode) throws(EngineError) -> Bool {
        let node = next.node
        let inputs = OperatorInputs(
            node.inputs.map { $0.map { facts[resolve($0).index] } }, outputCount: node.outputs.count)
        if let op = node.op as? any SubgraphOperator {
            guard let selected = op.selectedSubgraph(inputs), selected < next.engines.count else { return false }
            inline(next, subgraph: selected)
            return true
        }
        if let constants = try fold(node, inputs) {
            for (output, constant) in zip(node.outputs, constants) { facts[output.index] = ValueFact(constant: constant) }
            return true
        }
        if node.op is any DynamicOperator { return false }
        let results = try attributing(node) { () throws(OperatorError) in try node.op.infer(inputs) }
        if results.prefix(node.outputs.count).contains(where: { $0.concrete == nil }) {
            try refuseOversize(results, of: node)
            return false
        }
        if results.allSatisfy({ $0.constant != nil }) {
            for (output, fact) in zip(node.outputs, results) { facts[output.index] = fact }
            return true
        }
        for (output, fact) in zip(node.outputs, results) {
            facts[output.index] = ValueFact(fact.type)
            isComputed[output.index] = true
        }
        planned.append(resolved(node))
        return true
    }

    /// An extent known but a whole too large to count is a refusal, not something to wait for.
    private func refuseOversize(_ results: [ValueFact], of node: Node) throws(EngineError) {
        for fact in results where fact.concrete == nil {
            if let shape = fact.shape, shape.dimensions.allSatisfy({ $0.value != nil }) {
                throw .tooLarge(
                    what: "node \"\(node.name)\" (\(node.op.name)) with an output of shape \(shape)", byteCount: .max,
                    limit: limits.maximumArenaBytes)
            }
        }
    }

    private func fold(_ node: Node, _ inputs: OperatorInputs) throws(EngineError) -> [Tensor]? {
        guard inputs.facts.allSatisfy({ $0 == nil || $0?.constant != nil }) else { return nil }
        return try attributing(node) { () throws(OperatorError) in
            try NodeEvaluation.fold(node, inputs: inputs.facts.map { $0?.constant }, maximumByteCount: Self.maximumFoldedBytes)
        }
    }

    /// Puts the nodes of a subgraph in the place of the node that would run it.
    private mutating func inline(_ next: EngineNode, subgraph: Int) {
        let engine = next.engines[subgraph]
        let base = facts.count
        facts += engine.graph.values.map(\.fact)
        isModelConstant += engine.graph.values.map { $0.fact.constant != nil }
        stand += Array(repeating: nil, count: engine.graph.values.count)
        isComputed += Array(repeating: false, count: engine.graph.values.count)
        let captured = next.node.subgraphs[subgraph].captures.map { next.node.captures[$0] }
        let formals = next.node.inputs.compactMap(\.self).suffix(engine.graph.inputs.count - captured.count)
        for (inner, outer) in zip(engine.graph.inputs, Array(formals) + captured) {
            stand[base + inner.index] = resolve(outer)
        }
        for (outer, inner) in zip(next.node.outputs, engine.graph.outputs) {
            stand[outer.index] = ValueID(base + inner.index)
        }
        for inner in engine.nodes.reversed() {
            var moved = inner
            moved.node.inputs = inner.node.inputs.map { $0.map { ValueID(base + $0.index) } }
            moved.node.outputs = inner.node.outputs.map { ValueID(base + $0.index) }
            moved.node.captures = inner.node.captures.map { ValueID(base + $0.index) }
            pending.append(moved)
        }
    }

    private func resolve(_ value: ValueID) -> ValueID {
        var value = value
        while let other = stand[value.index] { value = other }
        return value
    }

    private func resolved(_ node: Node) -> Node {
        var node = node
        node.inputs = node.inputs.map { $0.map(resolve) }
        node.captures = node.captures.map(resolve)
        return node
    }

    // MARK: The whole

    private mutating func finish(at next: EngineNode?) throws(EngineError) -> Plan {
        let boundary = next.map { EngineNode(node: resolved($0.node), engines: $0.engines) }
        let kept = boundary.map(needed(behind:)) ?? outputs.map(resolve)
        let assembly = PlanAssembly(
            facts: facts, isModelConstant: isModelConstant, inputs: inputs, nodes: planned, outputs: kept, store: store,
            limits: limits)
        guard let boundary else { return try assembly.plan(boundary: nil) }

        let position = Dictionary(kept.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let outputs = Set(boundary.node.outputs)
        let carriedValues = kept.filter { facts[$0.index].constant == nil && !outputs.contains($0) }
        var following = self
        following.planned = []
        following.inputs = []
        for value in carriedValues { following.inputs.append(value) }
        let carried =
            carriedValues.compactMap { position[$0] }.map(PlanBoundary.Carried.planOutput)
            + boundary.node.outputs.indices.map(PlanBoundary.Carried.nodeOutput)
        return try assembly.plan(
            boundary: PlanBoundary(
                node: boundary, inputPositions: boundary.node.inputs.map { $0.flatMap { position[$0] } },
                capturePositions: boundary.node.captures.compactMap { position[$0] }, carried: carried,
                builder: following, limits: limits))
    }

    /// What the boundary node reads, then what later nodes and the outputs read of what has been computed.
    private func needed(behind boundary: EngineNode) -> [ValueID] {
        var seen: Set<ValueID> = []
        var result: [ValueID] = []
        func add(_ value: ValueID, ifComputed: Bool) {
            let value = resolve(value)
            guard !ifComputed || isComputed[value.index], seen.insert(value).inserted else { return }
            result.append(value)
        }
        for value in boundary.node.dependencies { add(value, ifComputed: false) }
        for later in pending {
            for value in later.node.dependencies { add(value, ifComputed: true) }
        }
        for output in outputs { add(output, ifComputed: true) }
        return result
    }
}

/// Runs an operator's code and names the node in what it throws.
func attributing<Result>(_ node: Node, _ body: () throws(OperatorError) -> Result) throws(EngineError) -> Result {
    do {
        return try body()
    } catch {
        throw .node(name: node.name, operatorName: node.op.name, error)
    }
}
