package import GraphIR
import Synchronization
package import Tensors

/// One signature of a model ready to run for any input shape it admits: optimised graph, regions with plans by shape, over the
/// state that all signatures of the version share.
///
/// Immutable to its users and shared by all threads. Inputs and outputs are positional, in the order of the graph's.
package final class Engine: Sendable {
    package let graph: Graph
    /// What the passes did, in order.
    package let changes: [PassPipeline.Change]
    package let state: ModelState
    /// The region that is the whole graph, when no step of it is dynamic.
    private let whole: Region?
    private let current: Mutex<Refinement>
    private let verdicts = VerdictCache()

    /// The program, and the nodes that planning has found to be dynamic though they did not say so.
    private struct Refinement {
        var program: Program
        var marked: Set<ValueID> = []
    }

    /// - Parameter passes: fusions to apply; constant folding and removal of dead nodes come with them. Empty: none at all.
    package convenience init(
        _ source: SourceGraph, catalog: OperatorCatalog, passes: [any GraphPass], state: ModelState = ModelState()
    ) throws(EngineError) {
        try self.init(Lowering.lower(source, catalog: catalog), passes: passes, state: state)
    }

    package convenience init(_ graph: Graph, passes: [any GraphPass], state: ModelState = ModelState()) throws(EngineError) {
        var graph = graph
        let changes = passes.isEmpty ? [] : try Optimization(passes: passes, state: state).run(on: &graph)
        // What follows from constants alone is the same in every run: refused now, no run would ever succeed.
        let needed = Liveness.needed(graph.nodes, for: graph.outputs, valueCount: graph.values.count)
        try SizeLimit.check(needed, limit: state.limits.maximumArenaBytes) { graph[$0].fact.concrete }
        do throws(MemoryRefusal) { try state.residency.adopt(&graph) } catch {
            throw .memory(what: "constants that follow from those of the file", error)
        }
        try self.init(optimized: graph, changes: changes, state: state)
    }

    init(optimized graph: Graph, changes: [PassPipeline.Change] = [], state: ModelState) throws(EngineError) {
        self.graph = graph
        self.changes = changes
        self.state = state
        let program = try Program(graph, marked: [], state: state)
        try program.noteReads(graph, state)
        whole = program.whole
        current = Mutex(Refinement(program: program))
    }

    /// The same network for some of its outputs, over the same state: only what these need is computed.
    ///
    /// - Parameter outputs: positions in `graph.outputs`, in the order that is wanted.
    package func restricted(to outputs: [Int]) throws(EngineError) -> Engine {
        var part = graph
        part.outputs = outputs.map { graph.outputs[$0] }
        _ = DeadNodes().run(on: &part)
        part.dropUnreadConstants()
        return try Engine(optimized: part, changes: changes, state: state)
    }

    // MARK: Plans

    /// Whether everything is decided when a plan is made, so that a run allocates nothing.
    package var isStatic: Bool { program.whole != nil }

    /// Plans that are ready now, of all regions.
    package var planCount: Int {
        program.stages.reduce(0) { count, stage in
            if case .region(let region) = stage { count + region.plans.count } else { count }
        }
    }

    var program: Program { current.withLock { $0.program } }

    /// The plan for these input types when it exists and covers the whole graph; never makes one.
    package func readyPlan(for specs: [TensorSpec]) -> Plan? { whole?.plans.known(specs) }

    /// As `readyPlan(for:)`, for a graph with a single input.
    package func readyPlan(for spec: TensorSpec) -> Plan? { whole?.plans.known(spec) }

    /// The plan for these input types, made on first need; nil when the graph has dynamic steps, whose regions are planned as
    /// they are reached.
    ///
    /// - Throws: `.invalidInput` when they are not the graph's; whatever an operator refuses about these shapes.
    package func plan(for specs: [TensorSpec]) throws(EngineError) -> Plan? {
        if let known = readyPlan(for: specs) { return known }
        try check(specs)
        guard let region = program.whole else { return nil }
        do throws(PlanningFault) {
            return try plan(region, specs)
        } catch {
            switch error {
            case .failed(let error): throw error
            case .needsContents(let node): try refine(node)
            }
            return nil
        }
    }

    private func plan(_ region: Region, _ specs: [TensorSpec]) throws(PlanningFault) -> Plan {
        try region.plans.plan(for: PlanKey(specs)) { () throws(PlanningFault) in
            var planner = RegionPlanner(region, of: graph, specs: specs, contents: specs.map { _ in nil }, state: state)
            return try planner.plan()
        }
    }

    /// Makes `node` a dynamic step from now on.
    private func refine(_ node: Node) throws(EngineError) {
        try current.withLock { current throws(EngineError) in
            // Another thread may have made it dynamic meanwhile.
            if isDynamic(node, current.program) { return }
            guard let output = node.outputs.first, current.marked.insert(output).inserted else {
                throw .node(name: node.name, operatorName: node.op.name, .unsupported("an output shape that cannot be known"))
            }
            current.program = try Program(graph, marked: current.marked, state: state)
            try current.program.noteReads(graph, state)
        }
    }

    private func isDynamic(_ node: Node, _ program: Program) -> Bool {
        program.stages.contains { stage in
            if case .dynamic(let step) = stage { step.node.outputs.first == node.outputs.first } else { false }
        }
    }

    private func check(_ specs: [TensorSpec]) throws(EngineError) {
        try check(specs.map { ValueType.tensor($0.type) }, specs)
    }

    private func check(_ types: [ValueType?], _ specs: [TensorSpec?]) throws(EngineError) {
        guard types.count == graph.inputs.count else {
            throw .invalidInput(name: graph.name, reason: "has \(graph.inputs.count) inputs, \(types.count) were given")
        }
        for (index, id) in graph.inputs.enumerated() {
            let value = graph[id]
            guard let wanted = value.fact.valueType.tensor else { continue }
            guard let spec = specs[index] else {
                throw .invalidInput(name: value.name, reason: "is no dense tensor, expected \(wanted)")
            }
            guard spec.elementType == wanted.elementType else {
                throw .invalidInput(name: value.name, reason: "is \(spec.elementType), expected \(wanted.elementType)")
            }
            guard wanted.shape?.admits(spec.shape) ?? true else {
                throw .invalidInput(name: value.name, reason: "has shape \(spec.shape), expected \(wanted)")
            }
        }
    }

    // MARK: Rows

    /// Whether the rows of inputs of these types are independent, so that requests may share a run.
    ///
    /// Derived for the concrete types and kept; cheap when it is known.
    package func rowVerdict(for specs: [TensorSpec]) -> RowVerdict {
        if let known = verdicts.known(specs) { return known }
        let verdict = deriveVerdict(specs)
        verdicts.insert(verdict, for: specs)
        return verdict
    }

    private func deriveVerdict(_ specs: [TensorSpec]) -> RowVerdict {
        guard let rowCount = specs.first?.shape.extents.first, specs.allSatisfy({ $0.shape.extents.first == rowCount }) else {
            return .alone("the inputs do not agree on a number of rows")
        }
        // One row has no neighbours.
        guard rowCount != 1 else { return .independent }
        guard rowCount > 1 else { return .alone("there are no rows") }
        let analysis = RowAnalysis(graph: graph, rowCount: rowCount, evaluator: NodeEvaluator(state: state))
        return analysis.verdict(specs)
    }

    // MARK: Runs

    /// Runs a plan that covers the whole graph over `inputs` and lends the outputs to `body`.
    ///
    /// - Parameter inputs: addresses of tensors of the plan's types, valid during the call.
    @unsafe package func run<Result>(
        _ plan: Plan, over inputs: UnsafeBufferPointer<UnsafeRawPointer>, in workspace: Workspace,
        token: RunToken? = nil, _ body: (RunOutputs) throws -> Result
    ) throws -> Result {
        let mark = workspace.arena.mark
        defer { workspace.arena.pop(to: mark) }
        let base = try unsafe plan.run(over: inputs, in: workspace, token: token)
        return try body(unsafe RunOutputs(plan, base: base, inputs: inputs))
    }

    // Not generic, as what is generic is not specialised for callers in other modules.

    /// Runs a plan that covers a whole graph of one input over a tensor of its type; allocates nothing.
    package func run(
        _ plan: Plan, _ input: Tensor, in workspace: Workspace, token: RunToken? = nil, _ body: (RunOutputs) throws -> Void
    ) throws {
        precondition(plan.inputs.count == 1, "one input for a plan of \(plan.inputs.count)")
        defer { withExtendedLifetime(input) {} }
        try unsafe withUnsafePointer(to: UnsafeRawPointer(input.storage.baseAddress)) { address in
            try unsafe run(plan, over: UnsafeBufferPointer(start: address, count: 1), in: workspace, token: token, body)
        }
    }

    /// Runs a plan that covers the whole graph over tensors of its input types and lends the outputs to `body`; allocates nothing.
    package func run(
        _ plan: Plan, _ inputs: [Tensor], in workspace: Workspace, token: RunToken? = nil, _ body: (RunOutputs) throws -> Void
    ) throws {
        precondition(inputs.count == plan.inputs.count, "\(inputs.count) inputs for a plan of \(plan.inputs.count)")
        defer { withExtendedLifetime(inputs) {} }
        try unsafe withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: max(inputs.count, 1)) { addresses in
            for index in inputs.indices {
                unsafe addresses.initializeElement(at: index, to: UnsafeRawPointer(inputs[index].storage.baseAddress))
            }
            let filled = unsafe UnsafeBufferPointer(rebasing: addresses[..<inputs.count])
            try unsafe run(plan, over: filled, in: workspace, token: token, body)
        }
    }

    /// Runs over `inputs`, which the caller keeps alive during the call, and lends the outputs to `body`.
    ///
    /// - Throws: `EngineError`, or what `body` throws.
    package func run<Result>(
        _ inputs: [ValueView], in workspace: Workspace, token: RunToken? = nil, _ body: (RunOutputs) throws -> Result
    ) throws -> Result {
        try run(inputs, RunScope(workspace: workspace, token: token, allowance: state.runAllowance()), body)
    }

    func run<Result>(_ inputs: [ValueView], _ scope: RunScope, _ body: (RunOutputs) throws -> Result) throws -> Result {
        while true {
            let program = program
            do {
                guard let region = program.whole else { return try runStages(program, inputs, scope, body) }
                return try runWhole(region, inputs, scope, body)
            } catch PlanningFault.failed(let error) {
                throw error
            } catch PlanningFault.needsContents(let node) {
                // The run begins anew, which nobody can see: with an effect behind it, it does not.
                guard graph.nodes.allSatisfy({ !$0.effects.contains(.writesResource) }) else {
                    throw EngineError.node(
                        name: node.name, operatorName: node.op.name, .unsupported("an output shape that cannot be known"))
                }
                try refine(node)
            }
        }
    }

    private func runWhole<Result>(
        _ region: Region, _ inputs: [ValueView], _ scope: RunScope, _ body: (RunOutputs) throws -> Result
    ) throws -> Result {
        var specs: [TensorSpec] = []
        var addresses = unsafe [UnsafeRawPointer]()
        for (index, input) in inputs.enumerated() {
            guard case .dense(let view) = input else {
                let name = index < graph.inputs.count ? graph[graph.inputs[index]].name : graph.name
                throw EngineError.invalidInput(name: name, reason: "is \(input.kind), expected a dense tensor")
            }
            specs.append(view.spec)
            unsafe addresses.append(view.baseAddress)
        }
        let plan: Plan
        if let known = region.plans.known(specs) {
            plan = known
        } else {
            try check(specs)
            plan = try self.plan(region, specs)
        }
        return try unsafe addresses.withUnsafeBufferPointer { addresses in
            try unsafe run(plan, over: addresses, in: scope.workspace, token: scope.token, body)
        }
    }

    private func runStages<Result>(
        _ program: Program, _ inputs: [ValueView], _ scope: RunScope, _ body: (RunOutputs) throws -> Result
    ) throws -> Result {
        try check(inputs)
        let mark = scope.workspace.arena.mark
        defer { scope.workspace.arena.pop(to: mark) }
        var run = ProgramRun(graph, inputs: inputs, state: state, scope: scope)
        try run.run(program)
        return try withExtendedLifetime(run) { try body(RunOutputs(run.outputs())) }
    }

    private func check(_ inputs: [ValueView]) throws(EngineError) {
        try check(
            inputs.map { _ in nil },
            inputs.map { input in
                switch input {
                case .dense(let view): view.spec
                case .object(.strings(let strings)): TensorSpec(.string, strings.shape)
                case .object: nil
                }
            })
    }

    /// Runs once over `inputs` in memory of the call's own; the outputs are copies.
    ///
    /// - Parameter profile: filled with what each step takes.
    package func run(values inputs: [RuntimeValue], token: RunToken? = nil, profile: StepProfile? = nil) throws -> [RuntimeValue] {
        let workspace = Workspace(ledger: state.ledger)
        workspace.profile = profile
        return try withExtendedLifetime(inputs) {
            try run(inputs.map(ValueView.init), in: workspace, token: token) { outputs in
                try (0..<outputs.count).map { try outputs[$0].owned(allowance: nil) }
            }
        }
    }

    /// As `run(values:)`, for dense inputs and outputs.
    package func run(_ inputs: [Tensor], token: RunToken? = nil) throws -> [Tensor] {
        try run(values: inputs.map(RuntimeValue.tensor), token: token).map { value in
            guard case .tensor(let tensor) = value else { throw EngineError.invalidGraph("an output is \(value.kind), no dense tensor") }
            return tensor
        }
    }
}
