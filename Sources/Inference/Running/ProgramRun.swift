import GraphIR
import Tensors

/// What one run has for itself: memory to compute in, the right to go on, and what results that depend on data may take.
struct RunScope {
    let workspace: Workspace
    /// Nil for a run that nobody stops.
    let token: RunToken?
    let allowance: MemoryAllowance
}

/// One run of a program of several stages: the values between them, and the stages in order.
struct ProgramRun {
    /// A value between stages.
    private enum Slot {
        case empty
        /// In the arena, or in the memory of whoever runs.
        case view(TensorView)
        /// Contents that follow from shapes.
        case constant(Tensor)
        case object(RuntimeValue)
    }

    private let graph: Graph
    private let state: ModelState
    private let scope: RunScope
    private var slots: [Slot]

    init(_ graph: Graph, inputs: [ValueView], state: ModelState, scope: RunScope) {
        self.graph = graph
        self.state = state
        self.scope = scope
        slots = Array(repeating: .empty, count: graph.values.count)
        for (input, view) in zip(graph.inputs, inputs) {
            switch view {
            case .dense(let view): slots[input.index] = .view(view)
            case .object(let value): slots[input.index] = .object(value)
            }
        }
    }

    /// Runs every stage. The outputs lie in the arena, in the inputs or in this value's slots.
    mutating func run(_ program: Program) throws {
        for (stage, ended) in zip(program.stages, program.ended) {
            switch stage {
            case .region(let region): try run(region)
            case .dynamic(let step): try run(step)
            }
            for value in ended { slots[value.index] = .empty }
        }
    }

    /// The graph's outputs; valid while this value and the arena are unchanged.
    func outputs() throws(EngineError) -> [ValueView] {
        var outputs: [ValueView] = []
        for output in graph.outputs { outputs.append(try view(of: output)) }
        return outputs
    }

    private func view(of value: ValueID) throws(EngineError) -> ValueView {
        switch slots[value.index] {
        case .view(let view): return .dense(view)
        case .constant(let tensor): return .dense(tensor.view)
        case .object(let value): return ValueView(value)
        case .empty:
            let fact = graph[value].fact
            if let constant = fact.constant { return .dense(constant.view) }
            if let strings = fact.strings { return .object(.strings(strings)) }
            throw .invalidGraph("value \"\(graph[value].name)\" is read before it is made")
        }
    }

    // MARK: Regions

    private mutating func run(_ region: Region) throws {
        var views: [TensorView] = []
        for input in region.inputs { views.append(try dense(input)) }
        let contents = try zip(region.inputs, region.isKeyed).enumerated().map { index, input in
            input.1 ? try keyed(input.0, views[index]) : nil
        }
        let key = PlanKey(views.map(\.spec), contents: contents)
        let plan = try region.plans.plan(for: key) { () throws(PlanningFault) in
            var planner = RegionPlanner(region, of: graph, specs: key.specs, contents: contents, state: state)
            return try planner.plan()
        }
        let addresses = unsafe views.map { unsafe $0.baseAddress }
        try unsafe addresses.withUnsafeBufferPointer { addresses in
            let base = try unsafe plan.run(over: addresses, in: scope.workspace, token: scope.token)
            unsafe scope.workspace.arena.shrink(base, to: plan.keptByteCount)
            for (value, output) in zip(region.outputs, plan.outputs) {
                slots[value.index] = unsafe slot(output, of: region, base: base, inputs: addresses)
            }
        }
    }

    /// An output of a region that is a view of a value with an owner shares the owner: the value may end before its view does.
    @unsafe private func slot(
        _ output: Plan.Output, of region: Region, base: UnsafeMutableRawPointer, inputs: UnsafeBufferPointer<UnsafeRawPointer>
    ) -> Slot {
        switch output.location {
        case .constant(let tensor): return .constant(tensor.reshaped(output.spec.shape))
        case .input(let index):
            switch slots[region.inputs[index].index] {
            case .constant(let tensor): return .constant(tensor.reshaped(output.spec.shape))
            case .object(.tensor(let tensor)): return .object(.tensor(tensor.reshaped(output.spec.shape)))
            default: break
            }
        case .arena, .absent: break
        }
        return unsafe .view(output.view(base: base, inputs: inputs))
    }

    /// Dense contents; what a dynamic step left in an object slot stays there.
    private func dense(_ value: ValueID) throws(EngineError) -> TensorView {
        switch try view(of: value) {
        case .dense(let view): return view
        case .object(let object):
            throw .invalidGraph("value \"\(graph[value].name)\" is \(object.kind), expected a dense tensor")
        }
    }

    private func keyed(_ value: ValueID, _ view: TensorView) throws(EngineError) -> Tensor {
        if case .constant(let tensor) = slots[value.index] { return tensor }
        do {
            return try Tensor(copying: view, allowance: scope.allowance)
        } catch {
            throw .memory(what: "a copy of value \"\(graph[value].name)\"", error)
        }
    }

    // MARK: Dynamic steps

    private mutating func run(_ step: DynamicStep) throws {
        scope.workspace.progress.note()
        try scope.token?.check()
        let node = step.node
        // Results have memory of their own.
        let mark = scope.workspace.arena.mark
        defer { scope.workspace.arena.pop(to: mark) }
        var inputs: [ValueView?] = []
        for input in node.inputs { inputs.append(try input.map { value throws(EngineError) in try view(of: value) }) }
        var captured: [ValueView] = []
        for capture in node.captures { captured.append(try view(of: capture)) }
        let runners = zip(node.subgraphs, step.engines).map { subgraph, engine in
            NestedRunner(engine: engine, captured: subgraph.captures.map { captured[$0] }, scope: scope)
        }
        let results: [RuntimeValue]
        do {
            results = try timed(node) {
                try NodeEvaluator(state: state).evaluate(
                    node, inputs: inputs, subgraphs: runners, allowance: scope.allowance, token: scope.token)
            }
        } catch OperatorError.stopped {
            throw EngineError.stopped(scope.token?.reason ?? .abandoned)
        } catch let error as OperatorError {
            throw EngineError.node(name: node.name, operatorName: node.op.name, error)
        }
        guard results.count >= node.outputs.count else {
            throw EngineError.node(
                name: node.name, operatorName: node.op.name,
                .invalidValue("gave \(results.count) outputs, \(node.outputs.count) are read"))
        }
        for (output, result) in zip(node.outputs, results) {
            // Whatever reads the value was compiled for the type that was inferred.
            let wanted = graph[output].fact.valueType
            guard wanted.tensor?.elementType == result.elementType else {
                throw EngineError.node(
                    name: node.name, operatorName: node.op.name, .invalidValue("gave \(result.kind), expected \(wanted)"))
            }
            slots[output.index] = .object(result)
        }
    }

    private func timed<Result>(_ node: Node, _ body: () throws -> Result) rethrows -> Result {
        guard let profile = scope.workspace.profile else { return try body() }
        return try profile.time(node.name, node.op.name, body)
    }
}
