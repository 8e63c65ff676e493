import GraphIR
import Tensors

/// Turns a region into a plan for concrete input shapes.
///
/// Types are inferred anew with concrete extents; whatever then is constant (the arithmetic on shapes) is computed here and
/// leaves no step.
struct RegionPlanner {
    /// Constants of one plan alone are folded up to this many bytes; larger ones are computed in each run.
    private static let maximumFoldedBytes = 1 << 20

    /// A node to plan, with the node of the region that it came from: another one behind an inlined branch.
    private struct Pending {
        let node: Node
        let origin: Node
    }

    private let region: Region
    private let state: ModelState
    private let evaluator: NodeEvaluator
    /// The region's graph, growing by the values of inlined branches; facts become concrete.
    private var graph: Graph
    private var isModelConstant: [Bool]
    private var replaced: [ValueID: ValueID] = [:]
    /// Last first.
    private var pending: [Pending]
    private var planned: [Node] = []

    /// - Parameters:
    ///   - specs: of the region's inputs.
    ///   - contents: of the inputs whose contents are part of the plan's key.
    init(_ region: Region, of graph: Graph, specs: [TensorSpec], contents: [Tensor?], state: ModelState) {
        self.region = region
        self.graph = graph
        self.state = state
        evaluator = NodeEvaluator(state: state)
        isModelConstant = graph.values.map { $0.fact.constant != nil }
        pending = region.nodes.reversed().map { Pending(node: $0, origin: $0) }
        for (index, input) in region.inputs.enumerated() {
            self.graph[input].fact = contents[index].map(ValueFact.init(constant:)) ?? ValueFact(specs[index].type)
        }
    }

    mutating func plan() throws(PlanningFault) -> Plan {
        while let next = pending.popLast() { try plan(next) }
        let assembly = PlanAssembly(
            facts: graph.values.map(\.fact), isModelConstant: isModelConstant, inputs: region.inputs, nodes: planned,
            outputs: region.outputs.map(resolve), state: state)
        do {
            return try assembly.plan()
        } catch {
            throw .failed(error)
        }
    }

    private mutating func plan(_ next: Pending) throws(PlanningFault) {
        let node = replaced.isEmpty ? next.node : next.node.replacing(resolve)
        let inputs = OperatorInputs(node.inputs.map { $0.map { graph[$0].fact } }, outputCount: node.outputs.count)
        if let op = node.op as? any SubgraphOperator {
            guard let selected = op.selectedSubgraph(inputs), selected < node.subgraphs.count else {
                throw .needsContents(next.origin)
            }
            return inline(node.subgraphs[selected], of: node, next.origin)
        }
        if let constants = try fold(node, inputs) {
            for (output, constant) in zip(node.outputs, constants) { graph[output].fact = ValueFact(constant: constant) }
            return
        }
        guard !(node.op is any DynamicOperator) else { throw .needsContents(next.origin) }
        try addStep(node, inputs, next.origin)
    }

    private mutating func addStep(_ node: Node, _ inputs: OperatorInputs, _ origin: Node) throws(PlanningFault) {
        let results = try attributing(node) { () throws(OperatorError) in try node.op.infer(inputs) }
        guard results.count >= node.outputs.count else {
            throw .failed(
                .node(
                    name: node.name, operatorName: node.op.name,
                    .invalidValue("gives \(results.count) outputs, \(node.outputs.count) are read")))
        }
        if results.prefix(node.outputs.count).contains(where: { $0.concrete == nil }) {
            try refuseOversize(results, of: node)
            throw .needsContents(origin)
        }
        let isConstant = results.allSatisfy { $0.constant != nil }
        for (output, fact) in zip(node.outputs, results) { graph[output].fact = isConstant ? fact : ValueFact(fact.type) }
        if !isConstant { planned.append(node) }
    }

    /// An extent known but a whole too large to count is a refusal, not something to wait for.
    private func refuseOversize(_ results: [ValueFact], of node: Node) throws(PlanningFault) {
        for fact in results where fact.valueType.isDense && fact.concrete == nil {
            if let shape = fact.shape, shape.dimensions.allSatisfy({ $0.value != nil }) {
                throw .failed(
                    .tooLarge(
                        what: "node \"\(node.name)\" (\(node.op.name)): output of shape \(shape)", byteCount: .max,
                        limit: state.limits.maximumArenaBytes))
            }
        }
    }

    private func fold(_ node: Node, _ inputs: OperatorInputs) throws(PlanningFault) -> [Tensor]? {
        guard inputs.facts.allSatisfy({ $0 == nil || $0?.constant != nil }) else { return nil }
        return try attributing(node) { () throws(OperatorError) in
            try evaluator.fold(node, inputs: inputs.facts.map { $0?.constant }, maximumByteCount: Self.maximumFoldedBytes)
        }
    }

    /// Puts the nodes of a branch in the place of the node that would run it.
    private mutating func inline(_ subgraph: Subgraph, of node: Node, _ origin: Node) {
        let splice = Splice(subgraph, of: node, into: &graph)
        isModelConstant += subgraph.graph.values.map { $0.fact.constant != nil }
        for (outer, inner) in zip(node.outputs, splice.outputs) { replaced[outer] = inner }
        pending += splice.nodes.reversed().map { Pending(node: $0, origin: origin) }
    }

    /// The value that stands for `value` behind every inlined branch: an output of a branch may be one of a branch inside it.
    private func resolve(_ value: ValueID) -> ValueID {
        var value = value
        while let other = replaced[value] { value = other }
        return value
    }

    private func attributing<Result>(
        _ node: Node, _ body: () throws(OperatorError) -> Result
    ) throws(PlanningFault) -> Result {
        do {
            return try body()
        } catch {
            throw .failed(.node(name: node.name, operatorName: node.op.name, error))
        }
    }
}

/// Why a region has no plan for some shapes.
enum PlanningFault: Error {
    case failed(EngineError)
    /// The node's output shapes depend on contents after all: it must become a dynamic step.
    case needsContents(Node)
}
