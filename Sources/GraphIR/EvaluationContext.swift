package import Tensors

/// One input of a dynamic operator while it runs.
package enum ValueView {
    /// Valid only during the call.
    case dense(TensorView)
    case object(RuntimeValue)

    /// A value that outlives the call: dense contents are copied, charged to `allowance`.
    package func owned(allowance: MemoryAllowance?) throws(MemoryRefusal) -> RuntimeValue {
        switch self {
        case .dense(let view): .tensor(try Tensor(copying: view, allowance: allowance))
        case .object(let value): value
        }
    }

    /// A look at `value`, which must outlive it.
    package init(_ value: RuntimeValue) {
        if case .tensor(let tensor) = value { self = .dense(tensor.view) } else { self = .object(value) }
    }

    package var kind: String {
        switch self {
        case .dense(let view): view.spec.description
        case .object(let value): value.kind
        }
    }
}

/// What a dynamic operator gets when it runs: its inputs' contents, memory for its results, and a way to run its subgraphs.
package struct EvaluationContext {
    /// nil where an optional input is absent.
    package let inputs: [ValueView?]
    package let outputCount: Int
    /// What the results are charged to.
    package let allowance: MemoryAllowance?
    /// The version's; one of the call's own when the engine has none.
    package let resources: ResourceTable
    /// The machine code to build kernels of; nil for the best that the processor runs.
    package let kernels: KernelSet?
    private let subgraphs: [any SubgraphRunner]
    private let checkpoint: () throws(OperatorError) -> Void

    /// - Parameter checkpoint: throws `.stopped` when the run is to end.
    package init(
        inputs: [ValueView?], outputCount: Int, allowance: MemoryAllowance? = nil, resources: ResourceTable = ResourceTable(),
        kernels: KernelSet? = nil, subgraphs: [any SubgraphRunner] = [],
        checkpoint: @escaping () throws(OperatorError) -> Void = {}
    ) {
        self.inputs = inputs
        self.outputCount = outputCount
        self.allowance = allowance
        self.resources = resources
        self.kernels = kernels
        self.subgraphs = subgraphs
        self.checkpoint = checkpoint
    }

    package func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

    /// The dense tensor that input `index` holds.
    package func required(_ index: Int) throws(OperatorError) -> TensorView {
        switch try value(index) {
        case .dense(let view): return view
        case .object(let value): throw .invalidInput(index: index, reason: "is \(value.kind), expected a dense tensor")
        }
    }

    /// Input `index`, whatever it holds.
    package func value(_ index: Int) throws(OperatorError) -> ValueView {
        guard index < inputs.count, let view = inputs[index] else {
            throw .invalidInput(index: index, reason: "is missing")
        }
        return view
    }

    /// A result, charged to the run's allowance before its memory is taken; `fill` must write every byte.
    package func makeTensor(
        _ spec: TensorSpec, fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(OperatorError) -> Tensor {
        do {
            return try Tensor(spec, allowance: allowance, fill: fill)
        } catch {
            throw .memory(error)
        }
    }

    /// Runs `body` while `byteCount` more are charged to the run's allowance, for memory of the operator's own.
    package func withScratch<Result>(
        _ byteCount: Int, _ body: () throws(OperatorError) -> Result
    ) throws(OperatorError) -> Result {
        do { try allowance?.charge(byteCount) } catch { throw .memory(error) }
        defer { allowance?.credit(byteCount) }
        return try body()
    }

    /// A copy of `view` that outlives the call.
    package func copy(_ view: ValueView) throws(OperatorError) -> RuntimeValue {
        do {
            return try view.owned(allowance: allowance)
        } catch {
            throw .memory(error)
        }
    }

    /// Called once a round by operators that may run for long.
    ///
    /// - Throws: `.stopped` when the run is to end.
    package func checkStop() throws(OperatorError) { try checkpoint() }

    /// Runs subgraph `index` (in the order of `Node.subgraphs`) with `inputs` for its formal inputs; what it captures
    /// from outside is supplied by the engine.
    package func run(subgraph index: Int, inputs: [ValueView]) throws -> [RuntimeValue] {
        guard index < subgraphs.count else { throw OperatorError.invalidValue("has no subgraph \(index)") }
        return try subgraphs[index].run(inputs)
    }

    /// As `run(subgraph:inputs:)`, but lends the outputs to `body` where they lie.
    package func lend(subgraph index: Int, inputs: [ValueView], to body: ([ValueView]) throws -> Void) throws {
        guard index < subgraphs.count else { throw OperatorError.invalidValue("has no subgraph \(index)") }
        try subgraphs[index].lend(inputs, to: body)
    }

    /// Subgraph `index` made ready for many runs over dense inputs of these types, within this call; nil when its plan depends on
    /// more than types.
    package func rounds(subgraph index: Int, inputs specs: [TensorSpec]) throws -> (any SubgraphRounds)? {
        guard index < subgraphs.count else { throw OperatorError.invalidValue("has no subgraph \(index)") }
        return try subgraphs[index].rounds(specs)
    }

    /// What is known of output `output` of subgraph `index` without running it; nil when nothing is.
    package func outputFact(ofSubgraph index: Int, _ output: Int) -> ValueFact? {
        guard index < subgraphs.count else { return nil }
        let facts = subgraphs[index].outputFacts
        return output < facts.count ? facts[output] : nil
    }
}

/// A subgraph ready to run.
package protocol SubgraphRunner {
    func run(_ inputs: [ValueView]) throws -> [RuntimeValue]

    /// Runs and lends the outputs to `body`; they are valid during the call.
    func lend(_ inputs: [ValueView], to body: ([ValueView]) throws -> Void) throws

    /// The subgraph made ready for many runs over dense inputs of these types, for as long as the node runs; nil when its plan
    /// depends on more than types.
    func rounds(_ specs: [TensorSpec]) throws -> (any SubgraphRounds)?

    /// What is known of the outputs without running: the type of a loop's output that no round made. May be empty.
    var outputFacts: [ValueFact] { get }
}

extension SubgraphRunner {
    package func lend(_ inputs: [ValueView], to body: ([ValueView]) throws -> Void) throws {
        let outputs = try run(inputs)
        try withExtendedLifetime(outputs) { try body(outputs.map(ValueView.init)) }
    }

    package func rounds(_ specs: [TensorSpec]) throws -> (any SubgraphRounds)? { nil }

    package var outputFacts: [ValueFact] { [] }
}

/// A subgraph with one plan and memory for it: a run is a run of the plan and nothing else.
package protocol SubgraphRounds: AnyObject {
    var outputs: [TensorSpec] { get }

    /// Runs over tensors of the types that this was made for.
    ///
    /// - Parameter inputs: an address for each.
    /// - Returns: an address for each output; valid until the next run, and only as long as the inputs.
    func run(_ inputs: UnsafePointer<UnsafeRawPointer>) throws -> UnsafePointer<UnsafeRawPointer>
}
