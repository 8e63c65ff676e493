import GraphIR
import Tensors

/// From typed nodes to a plan: drops what nobody reads, compiles kernels, lays out the arena.
struct PlanAssembly {
    let facts: [ValueFact]
    let isModelConstant: [Bool]
    let inputs: [ValueID]
    let nodes: [Node]
    let outputs: [ValueID]
    let store: ConstantStore
    let limits: EngineLimits

    func plan(boundary: PlanBoundary?) throws(EngineError) -> Plan {
        let nodes = liveNodes()
        var compiled: [CompiledOperator] = []
        compiled.reserveCapacity(nodes.count)
        for node in nodes { compiled.append(try compile(node)) }
        var lifetimes = Lifetimes(valueCount: facts.count, nodes: nodes, compiled: compiled, outputs: outputs)
        lifetimes.lendInputs(inputs)
        lifetimes.reuseInPlace(byteCount: { facts[$0.index].concrete?.byteCount ?? 0 })
        let memory = MemoryPlan(
            lifetimes: lifetimes, scratch: compiled.map(\.scratchByteCount),
            byteCount: { facts[$0.index].concrete?.byteCount ?? 0 })
        guard memory.byteCount <= limits.maximumArenaBytes else {
            throw .tooLarge(
                what: "the arena for inputs \(inputs.map { facts[$0.index].type.description }.joined(separator: ", "))",
                byteCount: memory.byteCount, limit: limits.maximumArenaBytes)
        }
        let places = Places(facts: facts, inputs: inputs, lifetimes: lifetimes, memory: memory)
        return Plan(
            inputs: inputs.map(spec), steps: steps(nodes, compiled, places, memory), arenaByteCount: memory.byteCount,
            outputs: outputs.map { Plan.Output(location: places.location(of: $0), spec: spec($0)) }, boundary: boundary)
    }

    /// The type of a value that inference has made concrete.
    private func spec(_ value: ValueID) -> TensorSpec {
        guard let spec = facts[value.index].concrete else { preconditionFailure("value \(value.index) has no concrete type") }
        return spec
    }

    private func liveNodes() -> [Node] {
        var isNeeded = [Bool](repeating: false, count: facts.count)
        for output in outputs { isNeeded[output.index] = true }
        var live: [Node] = []
        for node in nodes.reversed() where node.outputs.contains(where: { isNeeded[$0.index] }) {
            for value in node.dependencies { isNeeded[value.index] = true }
            live.append(node)
        }
        return live.reversed()
    }

    private func compile(_ node: Node) throws(EngineError) -> CompiledOperator {
        let constants = node.inputs.map { $0.flatMap { facts[$0.index].constant } }
        let keys = zip(node.inputs, constants).map { value, constant -> Int? in
            guard let value, let constant, isModelConstant[value.index] else { return nil }
            return Int(bitPattern: ObjectIdentifier(constant.storage))
        }
        let context = CompileContext(
            inputs: node.inputs.map { $0.map(spec) }, outputs: node.outputs.map(spec), constants: constants, store: store,
            constantKeys: keys)
        return try attributing(node) { () throws(OperatorError) in try node.op.compile(context) }
    }

    private func steps(
        _ nodes: [Node], _ compiled: [CompiledOperator], _ places: Places, _ memory: MemoryPlan
    ) -> [Plan.Step] {
        var steps: [Plan.Step] = []
        for (index, node) in nodes.enumerated() {
            guard case .kernel(let kernel) = compiled[index].body else { continue }
            steps.append(
                Plan.Step(
                    node: node.name, operatorName: node.op.name, kernel: kernel,
                    inputs: node.inputs.map { $0.map(places.location) ?? .absent },
                    outputs: node.outputs.map(places.location), outputSpecs: node.outputs.map(spec),
                    scratchOffset: memory.scratchOffsets[index], scratchByteCount: compiled[index].scratchByteCount))
        }
        return steps
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
