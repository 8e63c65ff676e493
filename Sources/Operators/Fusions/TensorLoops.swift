import GraphIR
import Tensors

/// Turns a `While` into a `TensorLoop` where its state is dense but for lists that it fills: reads of lists made of tensors become
/// reads of the tensors, lists that rounds put elements into become outputs of the loop, and the condition joins the body, so that a
/// round is one run of one plan.
struct TensorLoops: GraphPass {
    let name = "tensor-loops"

    func run(on graph: inout Graph) -> Int {
        var count = 0
        for position in graph.nodes.indices where graph.nodes[position].op is While {
            guard let rewrite = TensorLoopRewrite(position, in: graph) else { continue }
            rewrite.apply(to: &graph)
            count += 1
        }
        if count > 0 { graph.nodes.removeAll { $0.outputs.isEmpty && $0.name == TensorLoopRewrite.removed } }
        return count
    }
}

/// One loop.
private struct TensorLoopRewrite {
    /// The name of nodes to take away.
    static let removed = "#removed"

    /// A list that is carried and written.
    private struct Written {
        let input: Int
        /// In the body.
        let setter: Node
        let length: ValueID
        let element: TensorType
        /// In the graph around the loop.
        let stacks: [Int]
        let expectedCount: Int?
    }

    private let position: Int
    private let node: Node
    private let written: [Written]
    /// Captures that are lists, by position in `node.captures`, with the tensors that they are made of.
    private let tensors: [Int: ValueID]

    init?(_ position: Int, in graph: Graph) {
        self.position = position
        node = graph.nodes[position]
        guard node.subgraphs.count == 2 else { return nil }
        let condition = node.subgraphs[0], body = node.subgraphs[1], count = node.inputs.count
        guard condition.graph.inputs.count >= count, body.graph.inputs.count >= count, body.graph.outputs.count == count,
            condition.graph.outputs.count == 1, condition.graph[condition.graph.outputs[0]].fact.valueType.isDense,
            node.inputs.allSatisfy({ $0 != nil })
        else { return nil }
        let uses = GraphUses(graph), bodyUses = GraphUses(body.graph), conditionUses = GraphUses(condition.graph)
        var written: [Written] = []
        for index in 0..<count {
            guard let input = node.inputs[index] else { return nil }
            let type = graph[input].fact.valueType
            guard !type.isDense else {
                guard body.graph[body.graph.outputs[index]].fact.valueType.isDense else { return nil }
                continue
            }
            guard conditionUses.consumers[condition.graph.inputs[index].index].isEmpty,
                let list = Self.written(index, input, node, graph, uses, body.graph, bodyUses)
            else { return nil }
            written.append(list)
        }
        var tensors: [Int: ValueID] = [:]
        for (place, capture) in body.captures.enumerated() {
            let outer = node.captures[capture]
            guard !graph[outer].fact.valueType.isDense else { continue }
            guard case .list = graph[outer].fact.valueType else { continue }
            let inner = body.graph.inputs[count + place]
            guard let maker = uses.producers[outer.index], Self.role(graph.nodes[maker]) == .fromTensor,
                let tensor = graph.nodes[maker].inputs.first ?? nil, graph[tensor].fact.valueType.isDense,
                !condition.captures.contains(capture), !bodyUses.isGraphOutput(inner),
                bodyUses.consumers[inner.index].allSatisfy({ Self.role(body.graph.nodes[$0]) == .get })
            else { return nil }
            tensors[capture] = tensor
        }
        self.written = written
        self.tensors = tensors
    }

    private static func role(_ node: Node) -> ListOperator.Role? { (node.op as? ListOperator)?.role }

    private static func written(
        _ index: Int, _ input: ValueID, _ node: Node, _ graph: Graph, _ uses: GraphUses, _ body: Graph, _ bodyUses: GraphUses
    ) -> Written? {
        guard case .list(let element) = graph[input].fact.valueType, element.elementType.isDense,
            let maker = uses.producers[input.index], role(graph.nodes[maker]) == .reserve, graph.nodes[maker].inputs.count == 2,
            let length = graph.nodes[maker].inputs[1]
        else { return nil }
        let formal = body.inputs[index], output = body.outputs[index]
        guard let setter = bodyUses.soleConsumer(of: formal), role(body.nodes[setter]) == .set(grows: false),
            body.nodes[setter].inputs.count == 3, body.nodes[setter].inputs[0] == formal, body.nodes[setter].outputs.first == output,
            bodyUses.consumers[output.index].isEmpty, body.outputs.filter({ $0 == output }).count == 1,
            let item = body.nodes[setter].inputs[2], body[item].fact.valueType.isDense, body.nodes[setter].inputs[1] != nil
        else { return nil }
        guard index < node.outputs.count else { return nil }
        let result = node.outputs[index]
        var stacks: [Int] = []
        var expected: Int?
        guard !uses.isGraphOutput(result) else { return nil }
        for reader in uses.consumers[result.index] {
            guard case .stack(let count)? = role(graph.nodes[reader]), graph.nodes[reader].inputs.first == result,
                graph.nodes[reader].captures.isEmpty
            else { return nil }
            if count >= 0 {
                guard expected == nil || expected == count else { return nil }
                expected = count
            }
            stacks.append(reader)
        }
        return Written(
            input: index, setter: body.nodes[setter], length: length, element: element, stacks: stacks, expectedCount: expected)
    }

    func apply(to graph: inout Graph) {
        let isList = Set(written.map(\.input)), count = node.inputs.count
        let carried = (0..<count).filter { !isList.contains($0) }
        // A loop that was lowered has all its outputs; what is known of them is no more than their types.
        let facts = node.subgraphs[1].graph.outputFacts.map { ValueFact($0.valueType.ignoringShape) }
        let carriedOutputs = carried.map { index in
            index < node.outputs.count ? node.outputs[index] : graph.addValue(name: "", fact: facts[index])
        }
        var loop = Node(
            name: node.name,
            op: TensorLoop(
                carriedCount: carried.count, lists: written.map { TensorLoop.List(element: $0.element, expectedCount: $0.expectedCount) },
                maximumRoundCount: (node.op as? While)?.maximumRoundCount ?? .max),
            inputs: carried.map { node.inputs[$0] } + written.map(\.length), outputs: carriedOutputs)
        loop.captures = node.captures.enumerated().filter { tensors[$0.offset] == nil }.map(\.element)
        var captureOfOld: [Int: Int] = [:]
        for (old, capture) in node.captures.enumerated() where tensors[old] == nil {
            captureOfOld[old] = loop.captures.firstIndex(of: capture)
        }
        for (old, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            if !loop.captures.contains(tensor) { loop.captures.append(tensor) }
            captureOfOld[old] = loop.captures.firstIndex(of: tensor)
        }
        let condition = self.condition(carried, captureOfOld)
        loop.subgraphs = [condition, body(carried, captureOfOld, condition, graph)]
        var renamed: [ValueID: ValueID] = [:]
        for list in written {
            let stacked = list.stacks.first.map { graph.nodes[$0].outputs[0] }
            loop.outputs.append(
                stacked
                    ?? graph.addValue(name: "", fact: ValueFact(list.element.elementType, nil as SymbolicShape?)))
            for stack in list.stacks {
                if let stacked, graph.nodes[stack].outputs[0] != stacked { renamed[graph.nodes[stack].outputs[0]] = stacked }
                graph.nodes[stack] = Node(name: Self.removed, op: node.op, inputs: [], outputs: [])
            }
        }
        graph.nodes[position] = loop
        guard !renamed.isEmpty else { return }
        for index in graph.nodes.indices {
            graph.nodes[index].inputs = graph.nodes[index].inputs.map { $0.map { renamed[$0] ?? $0 } }
            graph.nodes[index].captures = graph.nodes[index].captures.map { renamed[$0] ?? $0 }
        }
        graph.outputs = graph.outputs.map { renamed[$0] ?? $0 }
    }

    /// The condition without the lists, which it does not read.
    private func condition(_ carried: [Int], _ captureOfOld: [Int: Int]) -> Subgraph {
        let old = node.subgraphs[0]
        var graph = old.graph
        graph.inputs = carried.map { old.graph.inputs[$0] } + old.graph.inputs[node.inputs.count...]
        return Subgraph(graph: graph, captures: old.captures.map { captureOfOld[$0] ?? 0 })
    }

    private func body(_ carried: [Int], _ captureOfOld: [Int: Int], _ condition: Subgraph, _ outer: Graph) -> Subgraph {
        let old = node.subgraphs[1], count = node.inputs.count
        var graph = old.graph
        var captures: [Int] = []
        var inputs = carried.map { old.graph.inputs[$0] }
        for (place, capture) in old.captures.enumerated() {
            let inner = old.graph.inputs[count + place]
            if let tensor = tensors[capture] { graph[inner].fact = ValueFact(outer[tensor].fact.valueType) }
            inputs.append(inner)
            captures.append(captureOfOld[capture] ?? 0)
        }
        graph.inputs = inputs
        let lists = Set(old.captures.indices.filter { tensors[old.captures[$0]] != nil }.map { old.graph.inputs[count + $0] })
        let setters = Set(written.map { $0.setter.outputs[0] })
        graph.nodes = old.graph.nodes.compactMap { node in
            if let output = node.outputs.first, setters.contains(output) { return nil }
            guard let list = node.inputs.first ?? nil, lists.contains(list), Self.role(node) == .get else { return node }
            var reader = node
            reader.op = ListElement()
            reader.inputs = Array(node.inputs.prefix(2))
            return reader
        }
        graph.outputs = carried.map { old.graph.outputs[$0] }
        let states = graph.outputs
        for list in written { graph.outputs += list.setter.inputs[1...2].compactMap(\.self) }
        var result = Subgraph(graph: graph, captures: captures)
        result.append(condition, reading: states)
        return result
    }
}

extension Subgraph {
    /// Adds the nodes of `other` behind this graph's, with `values` for its formal inputs, and its output to the outputs.
    fileprivate mutating func append(_ other: Subgraph, reading values: [ValueID]) {
        let base = graph.values.count, formalCount = graph.inputs.count - captures.count
        graph.values += other.graph.values
        var replaced: [ValueID: ValueID] = [:]
        for (formal, value) in zip(other.graph.inputs, values) { replaced[formal] = value }
        for (place, capture) in other.captures.enumerated() {
            let inner = other.graph.inputs[values.count + place]
            if let known = captures.firstIndex(of: capture) {
                replaced[inner] = graph.inputs[formalCount + known]
            } else {
                captures.append(capture)
                graph.inputs.append(ValueID(base + inner.index))
            }
        }
        func moved(_ value: ValueID) -> ValueID { replaced[value] ?? ValueID(base + value.index) }
        graph.nodes += other.graph.nodes.map { node in
            var node = node
            node.inputs = node.inputs.map { $0.map(moved) }
            node.outputs = node.outputs.map(moved)
            node.captures = node.captures.map(moved)
            return node
        }
        graph.outputs += other.graph.outputs.map(moved)
    }
}
