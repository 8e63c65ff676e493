package import GraphIR
package import Tensors

/// A network ready to run for any input shape it admits: optimised graph, plans by shape, prepared weights.
///
/// Immutable to its users and shared by all threads. Inputs and outputs are positional, in the order of the graph's.
package final class Engine: Sendable {
    package let graph: Graph
    /// What the passes did, in order.
    package let changes: [PassPipeline.Change]
    let nodes: [EngineNode]
    private let plans: PlanCache
    private let store: ConstantStore
    private let limits: EngineLimits

    /// - Parameter passes: fusions to apply; constant folding and removal of dead nodes come with them. Empty: none at all.
    package convenience init(
        _ source: SourceGraph, catalog: OperatorCatalog, passes: [any GraphPass], limits: EngineLimits = EngineLimits()
    ) throws(EngineError) {
        try self.init(Lowering.lower(source, catalog: catalog), passes: passes, limits: limits)
    }

    package convenience init(_ graph: Graph, passes: [any GraphPass], limits: EngineLimits = EngineLimits()) throws(EngineError) {
        try self.init(graph, passes: passes, limits: limits, store: ConstantStore())
    }

    private init(_ graph: Graph, passes: [any GraphPass], limits: EngineLimits, store: ConstantStore) throws(EngineError) {
        var graph = graph
        let all: [any GraphPass] = passes.isEmpty ? [] : [ConstantFolding(limits: limits)] + passes + [DeadNodes()]
        changes = try PassPipeline(all).run(on: &graph)
        self.graph = graph
        self.limits = limits
        self.store = store
        plans = PlanCache(capacity: limits.maximumPlans)
        var nodes: [EngineNode] = []
        for node in graph.nodes {
            var engines: [Engine] = []
            for subgraph in node.subgraphs {
                engines.append(try Engine(subgraph.graph, passes: passes, limits: limits, store: store))
            }
            nodes.append(EngineNode(node: node, engines: engines))
        }
        self.nodes = nodes
    }

    /// Bytes of constants that the engine holds in memory of its own: prepared weights and those that could not stay mapped.
    package var constantByteCount: Int {
        let own = graph.values.reduce(0) { sum, value in
            guard let constant = value.fact.constant, !constant.storage.isMapped else { return sum }
            return sum + constant.spec.byteCount
        }
        return own + store.byteCount
    }

    /// Plans that are ready now.
    package var planCount: Int { plans.count }

    /// The plan for these input types, compiled on first need.
    ///
    /// - Throws: `.invalidInput` when they are not the graph's; whatever an operator refuses about these shapes.
    package func plan(for specs: [TensorSpec]) throws(EngineError) -> Plan {
        try plans.plan(for: specs) { () throws(EngineError) in
            try check(specs)
            var builder = PlanBuilder(graph: graph, nodes: nodes, inputs: specs, store: store, limits: limits)
            return try builder.build()
        }
    }

    /// The plan for these input types when it has been compiled before and runs without a boundary; never compiles.
    package func readyPlan(for specs: [TensorSpec]) -> Plan? {
        guard let plan = plans.known(specs), plan.isStatic else { return nil }
        return plan
    }

    /// As `readyPlan(for:)`, for a graph with a single input.
    package func readyPlan(for spec: TensorSpec) -> Plan? {
        guard let plan = plans.known(spec), plan.isStatic else { return nil }
        return plan
    }

    private func check(_ specs: [TensorSpec]) throws(EngineError) {
        guard specs.count == graph.inputs.count else {
            throw .invalidInput(name: graph.name, reason: "has \(graph.inputs.count) inputs, \(specs.count) were given")
        }
        for (id, spec) in zip(graph.inputs, specs) {
            let value = graph[id]
            guard spec.elementType == value.fact.elementType else {
                throw .invalidInput(name: value.name, reason: "is \(spec.elementType), expected \(value.fact.elementType)")
            }
            guard value.fact.shape?.admits(spec.shape) ?? true else {
                throw .invalidInput(name: value.name, reason: "has shape \(spec.shape), expected \(value.fact.type)")
            }
        }
    }

    /// Runs once over `inputs`; the outputs are copies.
    package func run(_ inputs: [Tensor]) throws -> [Tensor] {
        try withExtendedLifetime(inputs) { try run(views: inputs.map(\.view)) }
    }

    /// Runs once over memory that the caller keeps alive during the call.
    func run(views inputs: [TensorView]) throws -> [Tensor] {
        let plan = try plan(for: inputs.map(\.spec))
        return try withSession(plan) { session in
            for (index, input) in inputs.enumerated() { unsafe session.bind(input: index, to: input.baseAddress) }
            return try finish(session) { $0.map(Tensor.init(copying:)) }
        }
    }

    /// Lends a session of `plan` to `body`.
    package func withSession<Result>(_ plan: Plan, _ body: (InferenceSession) throws -> Result) rethrows -> Result {
        let session = plan.sessions.take(for: plan)
        defer { plan.sessions.put(session) }
        return try body(session)
    }

    /// Runs `session`, whose inputs are bound, then whatever plans follow its boundary, and lends the outputs to `body`.
    package func finish<Result>(_ session: InferenceSession, _ body: ([TensorView]) throws -> Result) throws -> Result {
        try session.run()
        guard let boundary = session.plan.boundary else {
            return try body(session.plan.outputs.indices.map(session.output))
        }
        let results = try evaluate(boundary, after: session)
        let plan = try boundary.continuation(for: results.map(\.spec))
        return try withSession(plan) { next in
            for (index, carried) in boundary.carried.enumerated() {
                switch carried {
                case .planOutput(let position): unsafe next.bind(input: index, to: session.output(position).baseAddress)
                case .nodeOutput(let position): unsafe next.bind(input: index, to: results[position].view.baseAddress)
                }
            }
            return try withExtendedLifetime(results) { try finish(next, body) }
        }
    }

    private func evaluate(_ boundary: PlanBoundary, after session: InferenceSession) throws -> [Tensor] {
        let node = boundary.node
        let inputs = boundary.inputPositions.map { $0.map(session.output) }
        let captured = boundary.capturePositions.map(session.output)
        let runners = zip(node.node.subgraphs, node.engines).map { subgraph, engine in
            NestedRunner(engine: engine, captured: subgraph.captures.map { captured[$0] })
        }
        let results: [Tensor]
        do {
            results = try NodeEvaluation.evaluate(node.node, inputs: inputs, subgraphs: runners)
        } catch let error as OperatorError {
            throw EngineError.node(name: node.node.name, operatorName: node.node.op.name, error)
        }
        guard results.count >= node.node.outputs.count else {
            throw EngineError.node(
                name: node.node.name, operatorName: node.node.op.name,
                .invalidValue("gave \(results.count) outputs, \(node.node.outputs.count) are read"))
        }
        return Array(results.prefix(node.node.outputs.count))
    }
}

/// A subgraph with what it captures from around the node.
private struct NestedRunner: SubgraphRunner {
    let engine: Engine
    let captured: [TensorView]

    var outputFacts: [ValueFact] { engine.graph.outputFacts }

    func run(_ inputs: [TensorView]) throws -> [Tensor] { try engine.run(views: inputs + captured) }
}
