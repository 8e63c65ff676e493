import GraphIR
import Tensors

/// Turns a loop that walks a recurrent cell along a sequence, as Keras writes LSTM and GRU layers, into the recurrent operator.
///
/// The loop counts from numbers up to bounds; how many steps that makes is computed (`LoopSpan`), mostly when a plan is made, and the
/// operator walks the part of the sequence that they are. A mask that keeps states and outputs where steps do not count becomes the
/// operator's.
struct RecurrentLoops: GraphPass {
    let name = "recurrent-loops"

    func run(on graph: inout Graph) -> Int {
        var count = 0
        var position = 0
        while position < graph.nodes.count {
            defer { position += 1 }
            guard graph.nodes[position].op is TensorLoop, let match = RecurrentLoopMatch(graph.nodes[position], in: graph) else { continue }
            var changed = graph
            guard let nodes = match.nodes(in: &changed) else { continue }
            changed.nodes.replaceSubrange(position...position, with: nodes)
            graph = changed
            position += nodes.count - 1
            count += 1
        }
        return count
    }
}

/// A loop that walks a cell, in terms of the values around it.
private struct RecurrentLoopMatch {
    private let loop: Node
    private let cell: RecurrentCellMatch
    /// Places among the carried values.
    private let hidden: Int
    private let memory: Int?
    private let lastOutput: Int?
    private let counters: [Int]
    private let stepCounter: Int
    private let bounds: [Bound]
    private let fixedPlace: Int?
    private let sequence: ValueID
    /// bool [time, batch, 1].
    private let mask: ValueID?

    init?(_ loop: Node, in graph: Graph) {
        guard let op = loop.op as? TensorLoop, op.lists.count == 1, loop.subgraphs.count == 2 else { return nil }
        let body = LoopBody(loop.subgraphs[1].graph), count = op.carriedCount
        let formals = Array(body.graph.inputs.prefix(count)), results = body.graph.outputs.map(body.resolve)
        guard results.count == count + 3 else { return nil }
        let counters = (0..<count).filter { Self.counts(formals[$0], to: results[$0], body) }
        let item = results[count + 1]
        let masked = Masked(item, body)
        guard let cell = RecurrentCellMatch(body, newHidden: masked?.new ?? item), let hidden = formals.firstIndex(of: cell.hidden),
            let step = Step(cell.x, body), let stepCounter = formals.firstIndex(of: step.index), counters.contains(stepCounter),
            let sequence = Self.captured(step.data, loop, body)
        else { return nil }
        var memory: Int?
        if let formal = cell.memory {
            guard let place = formals.firstIndex(of: formal), let new = cell.newMemory,
                Self.keeps(results[place], new: new, old: formal, mask: masked?.mask, body)
            else { return nil }
            memory = place
        }
        guard Self.keeps(results[hidden], new: cell.newHidden, old: cell.hidden, mask: masked?.mask, body) else { return nil }
        var lastOutput: Int?
        if let masked {
            guard let place = formals.firstIndex(of: masked.old), results[place] == item, place != hidden,
                let beginning = loop.inputs[place], Self.isZero(beginning, graph), !Self.isRead(loop.outputs[place], graph)
            else { return nil }
            lastOutput = place
        }
        guard Set(counters + [hidden] + [memory, lastOutput].compactMap(\.self)).count == count,
            counters.count + 1 + [memory, lastOutput].compactMap(\.self).count == count
        else { return nil }
        let place = results[count]
        if let fixed = body.constant(place)?.integers {
            guard fixed.count == 1, fixed[0] >= 0 else { return nil }
            fixedPlace = fixed[0]
        } else {
            guard place == formals[stepCounter] else { return nil }
            fixedPlace = nil
        }
        guard let bounds = Self.bounds(loop, counters) else { return nil }
        var mask: ValueID?
        if let masked {
            guard let step = Step(masked.mask, body), step.index == formals[stepCounter],
                let captured = Self.captured(step.data, loop, body),
                let shape = graph[captured].fact.shape ?? body.graph[step.data].fact.shape,
                shape.rank == 3, body.graph[masked.mask].fact.shape?.dimensions.last == .known(1)
            else { return nil }
            mask = captured
        }
        (self.loop, self.cell, self.hidden, self.memory, self.lastOutput) = (loop, cell, hidden, memory, lastOutput)
        (self.counters, self.stepCounter, self.bounds, self.sequence, self.mask) = (counters, stepCounter, bounds, sequence, mask)
    }

    /// What a counter must stay below: a value around the loop, or a constant.
    private struct Bound {
        let counter: Int
        let value: ValueID?
        let constant: Tensor?
    }

    // MARK: Reading the loop

    /// An element of a captured sequence, numbered by a counter.
    private struct Step {
        let data: ValueID
        let index: ValueID

        init?(_ value: ValueID, _ body: LoopBody) {
            guard let node = body.node(value), node.op is ListElement, let data = node.input(0), let index = node.input(1) else {
                return nil
            }
            (self.data, self.index) = (body.resolve(data), body.resolve(index))
        }
    }

    /// A value that is new where a mask says so and old elsewhere.
    private struct Masked {
        /// Before it is stretched along the units.
        let mask: ValueID
        let new: ValueID
        let old: ValueID

        init?(_ value: ValueID, _ body: LoopBody) {
            guard let node = body.node(value), let choice = node.op as? Where, !choice.conditionLeads, node.inputs.count == 3,
                let condition = node.inputs[0], let new = node.inputs[1], let old = node.inputs[2]
            else { return nil }
            (self.new, self.old) = (body.resolve(new), body.resolve(old))
            if let tile = body.node(condition), tile.op is Tile {
                guard let data = tile.input(0), let times = tile.input(1).flatMap({ body.constant($0)?.integers }), times.count == 2,
                    times[0] == 1
                else { return nil }
                mask = body.resolve(data)
            } else {
                mask = body.resolve(condition)
            }
        }
    }

    private static func counts(_ formal: ValueID, to result: ValueID, _ body: LoopBody) -> Bool {
        let type = body.graph[formal].fact.valueType.tensor
        guard let type, [.int32, .int64].contains(type.elementType), type.shape?.rank == 0 else { return false }
        let step = body.either(body.operands(result, .add)) { $0 == formal ? true : nil }
        return step.flatMap { body.constant($0.other)?.integers } == [1]
    }

    /// Whether a state becomes `new`, and where the mask says so stays `old`.
    private static func keeps(_ result: ValueID, new: ValueID, old: ValueID, mask: ValueID?, _ body: LoopBody) -> Bool {
        guard let mask else { return result == new }
        guard let masked = Masked(result, body) else { return false }
        return masked.mask == mask && masked.new == new && masked.old == old
    }

    /// The value around the loop that an input of the body captures.
    private static func captured(_ value: ValueID, _ loop: Node, _ body: LoopBody) -> ValueID? {
        let subgraph = loop.subgraphs[1], formalCount = body.graph.inputs.count - subgraph.captures.count
        guard let place = body.graph.inputs.firstIndex(of: value), place >= formalCount else { return nil }
        return loop.captures[subgraph.captures[place - formalCount]]
    }

    private static func isZero(_ value: ValueID, _ graph: Graph) -> Bool {
        if let constant = graph[value].fact.constant, constant.elementType == .float32 {
            return constant.values(Float.self).allSatisfy { $0 == 0 }
        }
        guard let maker = graph.nodes.first(where: { $0.outputs.contains(value) }) else { return false }
        return (maker.op as? FillLike).map { !$0.isOne } ?? false
    }

    private static func isRead(_ value: ValueID, _ graph: Graph) -> Bool {
        graph.outputs.contains(value) || graph.nodes.contains { $0.dependencies.contains(value) }
    }

    /// The condition as counters below bounds; nil when it is anything else.
    private static func bounds(_ loop: Node, _ counters: [Int]) -> [Bound]? {
        let condition = loop.subgraphs[0], reader = LoopBody(condition.graph)
        let formalCount = condition.graph.inputs.count - condition.captures.count
        guard condition.graph.outputs.count == 1 else { return nil }
        var bounds: [Bound] = []
        var waiting = [condition.graph.outputs[0]]
        while let value = waiting.popLast() {
            guard bounds.count < 8, let node = reader.node(value) else { return nil }
            if let logical = node.op as? Logical, logical.function == .and, node.inputs.count == 2 {
                waiting += node.inputs.compactMap(\.self)
                continue
            }
            guard let comparison = node.op as? Comparison, comparison.function == .less, node.inputs.count == 2, let left = node.inputs[0],
                let right = node.inputs[1], let counter = condition.graph.inputs.prefix(formalCount).firstIndex(of: reader.resolve(left)),
                counters.contains(counter)
            else { return nil }
            let bound = reader.resolve(right)
            if let constant = reader.constant(bound) {
                bounds.append(Bound(counter: counter, value: nil, constant: constant))
            } else {
                guard let place = condition.graph.inputs.firstIndex(of: bound), place >= formalCount else { return nil }
                bounds.append(Bound(counter: counter, value: loop.captures[condition.captures[place - formalCount]], constant: nil))
            }
        }
        return bounds.isEmpty ? nil : bounds
    }

    // MARK: Making the operator

    /// The nodes that take the loop's place; nil when they do not fit together.
    func nodes(in graph: inout Graph) -> [Node]? {
        guard let weights = cell.transposed(cell.weights), let recurrent = cell.transposed(cell.recurrentWeights),
            let op = loop.op as? TensorLoop,
            let hiddenStart = loop.inputs[hidden], let length = loop.inputs[op.carriedCount]
        else { return nil }
        var maker = NodeMaker(graph: graph, name: loop.name)
        let boundValues = bounds.map { $0.value ?? maker.constant($0.constant) }
        guard let shape = maker.add(ShapeOperator(elementType: .int64), [sequence], 1)?[0] else { return nil }
        let span = LoopSpan(
            bounded: bounds.compactMap { counters.firstIndex(of: $0.counter) },
            counterTypes: counters.compactMap { loop.inputs[$0].flatMap { graph[$0].fact.valueType.tensor?.elementType } },
            stepCounter: counters.firstIndex(of: stepCounter) ?? 0, fixedPlace: fixedPlace)
        guard span.counterTypes.count == counters.count,
            let numbers = maker.add(span, [shape, length] + counters.map { loop.inputs[$0] } + boundValues, 5 + counters.count),
            let steps = maker.slice(sequence, numbers[0], numbers[1])
        else { return nil }
        var inputs: [ValueID?] = [
            steps, maker.constant(weights), maker.constant(recurrent), maker.constant(cell.biases), nil,
            maker.add(Unsqueeze(axes: [0]), [hiddenStart], 1)?[0],
        ]
        guard inputs[5] != nil else { return nil }
        if let memory {
            guard let start = maker.add(Unsqueeze(axes: [0]), [loop.inputs[memory]], 1)?[0] else { return nil }
            inputs.append(start)
        }
        var node: RecurrentNode
        do {
            let reader = AttributeReader(SourceNode(name: loop.name, operatorName: "LSTM", version: 0, inputs: [], outputs: []))
            node = try RecurrentNode(reader, cell.kind == .lstm ? .lstm(couplesForget: false) : .gru(resetsAfter: true))
        } catch {
            return nil
        }
        if let mask {
            guard let kept = maker.slice(mask, numbers[0], numbers[1]),
                let flat = maker.add(Squeeze(axes: [2], takesAxesInput: false), [kept], 1)?[0]
            else { return nil }
            inputs += [ValueID?](repeating: nil, count: 8 - inputs.count) + [flat]
            node.maskInput = 8
        }
        let recurrentOperator: any Operator = cell.kind == .lstm ? LSTM(node: node) : GRU(node: node)
        guard let made = maker.add(recurrentOperator, inputs, cell.kind == .lstm ? 3 : 2) else { return nil }
        guard results(made, numbers, &maker) else { return nil }
        graph = maker.graph
        return maker.nodes
    }

    /// Gives the loop's outputs.
    private func results(_ made: [ValueID], _ numbers: [ValueID], _ maker: inout NodeMaker) -> Bool {
        for (index, counter) in counters.enumerated() {
            maker.add(Identity(), [numbers[5 + index]], giving: loop.outputs[counter])
        }
        maker.add(Squeeze(axes: [0], takesAxesInput: false), [made[1]], giving: loop.outputs[hidden])
        if let memory { maker.add(Squeeze(axes: [0], takesAxesInput: false), [made[2]], giving: loop.outputs[memory]) }
        guard var sequence = maker.add(Squeeze(axes: [1], takesAxesInput: false), [made[0]], 1)?[0] else { return false }
        if fixedPlace != nil {
            guard let kept = maker.slice(sequence, numbers[2], numbers[3]) else { return false }
            sequence = kept
        }
        maker.add(Pad(), [sequence, numbers[4]], giving: loop.outputs[loop.outputs.count - 1])
        return true
    }
}

/// Makes nodes one after the other, with types.
private struct NodeMaker {
    var graph: Graph
    let name: String
    private(set) var nodes: [Node] = []
    private var axis: ValueID?

    init(graph: Graph, name: String) { (self.graph, self.name) = (graph, name) }

    mutating func constant(_ tensor: Tensor?) -> ValueID? { tensor.map { graph.addConstant(name: "\(name)/constant", $0) } }

    /// - Returns: the node's outputs; nil when its inputs do not fit it.
    mutating func add(_ op: any Operator, _ inputs: [ValueID?], _ outputCount: Int) -> [ValueID]? {
        let facts = OperatorInputs(inputs.map { $0.map { graph[$0].fact } }, outputCount: outputCount)
        guard let results = try? op.infer(facts), results.count >= outputCount else { return nil }
        let outputs = results.prefix(outputCount).map { graph.addValue(name: "", fact: ValueFact($0.valueType)) }
        nodes.append(Node(name: name, op: op, inputs: inputs, outputs: outputs))
        return outputs
    }

    mutating func add(_ op: any Operator, _ inputs: [ValueID?], giving output: ValueID) {
        nodes.append(Node(name: name, op: op, inputs: inputs, outputs: [output]))
    }

    /// The steps from `first` up to `end` along the first axis.
    mutating func slice(_ value: ValueID, _ first: ValueID, _ end: ValueID) -> ValueID? {
        let axis = self.axis ?? graph.addConstant(name: "\(name)/axis", Tensor([0] as [Int64], shape: [1]))
        self.axis = axis
        return add(SliceOperator(), [value, first, end, axis], 1)?[0]
    }
}
