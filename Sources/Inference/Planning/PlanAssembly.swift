import GraphIR
import Synchronization
import Tensors

/// From typed nodes to a plan: drops what nobody reads, compiles kernels, lays out the arena.
struct PlanAssembly {
    /// Constants of a plan that are worth several threads.
    private static let minimumSharedByteCount = 4 << 20

    let facts: [ValueFact]
    /// Constants that live as long as the model, whose prepared forms are shared.
    let isModelConstant: [Bool]
    let inputs: [ValueID]
    let nodes: [Node]
    let outputs: [ValueID]
    let state: ModelState

    func plan() throws(EngineError) -> Plan {
        let nodes = Liveness.needed(nodes, for: outputs, valueCount: facts.count)
        try SizeLimit.check(nodes, limit: state.limits.maximumArenaBytes) { facts[$0.index].concrete }
        let compiled = try compile(nodes)
        var lifetimes = Lifetimes(valueCount: facts.count, nodes: nodes, compiled: compiled, outputs: outputs)
        lifetimes.lendInputs(inputs)
        lifetimes.reuseInPlace(byteCount: byteCount)
        let memory = try memoryPlan(lifetimes, compiled)
        let places = Places(facts: facts, inputs: inputs, lifetimes: lifetimes, memory: memory)
        return Plan(
            inputs: inputs.map(spec), kernels: steps(nodes, compiled, places, memory), arenaByteCount: memory.byteCount,
            keptByteCount: memory.keptByteCount,
            outputs: outputs.map { Plan.Output(location: places.location(of: $0), spec: spec($0)) },
            constantByteCount: ownConstantByteCount(nodes))
    }

    /// The type of a value that inference has made concrete.
    private func spec(_ value: ValueID) -> TensorSpec {
        guard let spec = facts[value.index].concrete else { preconditionFailure("value \(value.index) has no concrete type") }
        return spec
    }

    private func byteCount(_ value: ValueID) -> Int { facts[value.index].concrete?.byteCount ?? 0 }

    private func memoryPlan(_ lifetimes: Lifetimes, _ compiled: [CompiledOperator]) throws(EngineError) -> MemoryPlan {
        do {
            return try MemoryPlan(
                lifetimes: lifetimes, scratch: compiled.map(\.scratchByteCount), limit: state.limits.maximumArenaBytes,
                byteCount: byteCount)
        } catch {
            let types = inputs.map { facts[$0.index].type.description }.joined(separator: ", ")
            throw .tooLarge(
                what: "the memory to compute inputs of type \(types)", byteCount: error.byteCount,
                limit: state.limits.maximumArenaBytes)
        }
    }

    /// Constants are packed on several threads when there is enough of them.
    private func compile(_ nodes: [Node]) throws(EngineError) -> [CompiledOperator] {
        let constantByteCount = nodes.reduce(0) { $0 + modelConstantByteCount($1) }
        guard constantByteCount >= Self.minimumSharedByteCount else {
            var compiled: [CompiledOperator] = []
            compiled.reserveCapacity(nodes.count)
            for node in nodes { compiled.append(try compile(node)) }
            return compiled
        }
        let results = Mutex<[Int: Result<CompiledOperator, EngineError>]>([:])
        // The largest first, so that no thread ends long after the others.
        let order = nodes.indices.sorted { modelConstantByteCount(nodes[$0]) > modelConstantByteCount(nodes[$1]) }
        ParallelLoop.run(order.count) { turn in
            let result = Result { () throws(EngineError) in try compile(nodes[order[turn]]) }
            results.withLock { $0[order[turn]] = result }
        }
        let all = results.withLock { $0 }
        var compiled: [CompiledOperator] = []
        for index in nodes.indices {
            guard let result = all[index] else { preconditionFailure("node \(index) was not compiled") }
            compiled.append(try result.get())
        }
        return compiled
    }

    private func modelConstantByteCount(_ node: Node) -> Int {
        node.inputs.reduce(0) { sum, input in
            guard let input, isModelConstant[input.index], let constant = facts[input.index].constant else { return sum }
            return sum + constant.spec.byteCount
        }
    }

    private func compile(_ node: Node) throws(EngineError) -> CompiledOperator {
        let constants = node.inputs.map { $0.flatMap { facts[$0.index].constant } }
        let keys = zip(node.inputs, constants).map { value, constant -> Int? in
            guard let value, let constant, isModelConstant[value.index] else { return nil }
            return Int(bitPattern: ObjectIdentifier(constant.storage))
        }
        let context = CompileContext(
            inputs: node.inputs.map { $0.map(spec) }, outputs: node.outputs.map(spec), constants: constants,
            kernels: state.kernels, store: state.store, constantKeys: keys)
        return try attributing(node) { () throws(OperatorError) in
            let compiled = try node.op.compile(context)
            try noteReads(of: node, compiled)
            return compiled
        }
    }

    /// Says which of the model's constants the kernel reads, and which it holds in a form of its own.
    private func noteReads(of node: Node, _ compiled: CompiledOperator) throws(OperatorError) {
        for (index, input) in node.inputs.enumerated() {
            guard let input, isModelConstant[input.index], let constant = facts[input.index].constant else { continue }
            if compiled.preparedInputs.contains(index) {
                state.residency.notePrepared(constant)
            } else {
                try state.residency.willRead(constant)
            }
        }
    }

    private func steps(
        _ nodes: [Node], _ compiled: [CompiledOperator], _ places: Places, _ memory: MemoryPlan
    ) -> [(kernel: any Kernel, note: Plan.StepNote, scratchOffset: Int)] {
        var steps: [(kernel: any Kernel, note: Plan.StepNote, scratchOffset: Int)] = []
        for (index, node) in nodes.enumerated() {
            guard case .kernel(let kernel) = compiled[index].body else { continue }
            let inputs = node.inputs.enumerated().map { position, input in
                compiled[index].preparedInputs.contains(position) ? .absent : input.map(places.location) ?? .absent
            }
            let note = Plan.StepNote(
                node: node.name, operatorName: node.op.name, inputs: inputs, outputs: node.outputs.map(places.location),
                outputSpecs: node.outputs.map(spec), scratchByteCount: compiled[index].scratchByteCount)
            steps.append((kernel, note, memory.scratchOffsets[index]))
        }
        return steps
    }

    /// Bytes of the constants that were computed for this plan and that its steps read.
    private func ownConstantByteCount(_ nodes: [Node]) -> Int {
        let read = Set(nodes.flatMap { $0.inputs.compactMap(\.self) } + outputs)
        return read.reduce(0) { sum, value in
            isModelConstant[value.index] ? sum : sum + (facts[value.index].constant?.spec.byteCount ?? 0)
        }
    }
}

/// Where each value of a plan lies.
private struct Places {
    private let facts: [ValueFact]
    private let inputIndex: [ValueID: Int]
    private let lifetimes: Lifetimes
    private let memory: MemoryPlan

    init(facts: [ValueFact], inputs: [ValueID], lifetimes: Lifetimes, memory: MemoryPlan) {
        self.facts = facts
        inputIndex = Dictionary(inputs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.lifetimes = lifetimes
        self.memory = memory
    }

    func location(of value: ValueID) -> Plan.Location {
        let root = lifetimes.root(of: value)
        if let constant = facts[root.index].constant { return .constant(constant) }
        if let input = inputIndex[root] { return .input(input) }
        guard let offset = memory.offset(of: root) else { preconditionFailure("value \(value.index) has no place") }
        return .arena(offset)
    }
}
