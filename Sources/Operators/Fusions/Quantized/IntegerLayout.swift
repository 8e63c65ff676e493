package import GraphIR
import Tensors

/// Integer convolutions and what follows them take their data with the channels last, as their kernels want it: transpositions stand
/// where such a chain begins and ends.
package struct IntegerLayout: GraphPass {
    package let name = "integer-layout"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        var sweep = LayoutSweep(graph)
        return sweep.run(on: &graph)
    }
}

private struct LayoutSweep {
    private let uses: GraphUses
    private let source: [Node]
    /// Nodes by position with the operator that takes channels-last data, and the inputs that are data.
    private var moved: [Int: MovedNode] = [:]
    /// Values with their channels last, by the value with its channels first.
    private var last: [ValueID: ValueID] = [:]

    private struct MovedNode {
        let op: any Operator
        let data: [Int]
    }

    init(_ graph: Graph) {
        uses = GraphUses(graph)
        source = graph.nodes
    }

    mutating func run(on graph: inout Graph) -> Int {
        choose(graph)
        guard !moved.isEmpty else { return 0 }
        var nodes: [Node] = []
        for (position, node) in source.enumerated() {
            guard let choice = moved[position] else {
                nodes.append(node)
                continue
            }
            var inputs = node.inputs
            for index in choice.data { inputs[index] = input(node.inputs[index], &nodes, &graph) }
            let result = node.outputs[0], made = addLast(result, &graph)
            nodes.append(Node(name: node.name, op: choice.op, inputs: inputs, outputs: [made]))
            if isReadElsewhere(result) { nodes.append(transposition(from: made, to: result, toLast: false, graph)) }
        }
        graph.nodes = nodes
        return moved.count
    }

    /// Convolutions, and what follows something that is channels-last.
    private mutating func choose(_ graph: Graph) {
        var isLast: Set<ValueID> = []
        for (position, node) in source.enumerated() {
            if let forms = before(node, graph) { isLast.insert(forms) }
            guard let choice = choice(node, graph),
                node.op is IntegerConvolution
                    || choice.data.contains(where: { index in
                        node.inputs[index].map(isLast.contains) ?? false
                    })
            else { continue }
            moved[position] = choice
            isLast.insert(node.outputs[0])
        }
    }

    /// What a transposition gives that brings the channels first.
    private func before(_ node: Node, _ graph: Graph) -> ValueID? {
        guard let transpose = node.op as? Transpose, !transpose.conjugates, let order = transpose.permutation, order.count > 2,
            order == Self.order(rank: order.count, toLast: false)
        else { return nil }
        return node.outputs[0]
    }

    /// The operator on channels-last data; nil for a node that stays as it is.
    private func choice(_ node: Node, _ graph: Graph) -> MovedNode? {
        guard node.outputs.count == 1, let rank = graph[node.outputs[0]].fact.rank, rank > 2 else { return nil }
        func hasRank(_ index: Int) -> Bool { node.input(index).map { graph[$0].fact.rank == rank } ?? false }
        switch node.op {
        case var op as IntegerConvolution where op.layout == .channelsFirst && hasRank(0):
            op.layout = .channelsLast
            return MovedNode(op: op, data: [0])
        case let op as LinearArithmetic where hasRank(0) && hasRank(3): return MovedNode(op: op, data: [0, 3])
        case is ByteFunction where hasRank(0), is LinearFunction where hasRank(0): return MovedNode(op: node.op, data: [0])
        case var op as LinearAveragePool where op.layout == .channelsFirst && hasRank(0):
            op.layout = .channelsLast
            return MovedNode(op: op, data: [0])
        case let op as MaxPool where (4...5).contains(rank) && hasRank(0) && !op.attributes.roundsUp:
            guard let x = node.input(0), LinearTypes.eightBits.contains(graph[x].fact.elementType) else { return nil }
            return MovedNode(
                op: ChannelsLastPool(name: op.name, function: .maximum, rank: rank, window: op.attributes.window), data: [0])
        case let op as LinearConcat:
            let data = Array(stride(from: 2, to: node.inputs.count, by: 3))
            guard data.allSatisfy(hasRank), (-rank..<rank).contains(op.axis) else { return nil }
            let axis = op.axis < 0 ? op.axis + rank : op.axis
            let place = Self.order(rank: rank, toLast: true).firstIndex(of: axis) ?? axis
            return MovedNode(op: LinearConcat(axis: place), data: data)
        default: return nil
        }
    }

    /// The value with its channels last, by a transposition where there is none yet.
    private mutating func input(_ value: ValueID?, _ nodes: inout [Node], _ graph: inout Graph) -> ValueID? {
        guard let value else { return nil }
        if let known = last[value] { return known }
        if let producer = uses.producers[value.index], before(source[producer], graph) != nil, let origin = source[producer].input(0) {
            last[value] = origin
            return origin
        }
        let made = addLast(value, &graph)
        nodes.append(transposition(from: value, to: made, toLast: true, graph))
        return made
    }

    private mutating func addLast(_ value: ValueID, _ graph: inout Graph) -> ValueID {
        let fact = graph[value].fact
        let shape = fact.shape.map { shape in
            SymbolicShape(Self.order(rank: shape.rank, toLast: true).map { shape[$0] })
        }
        let made = graph.addValue(name: graph[value].name + ".last", fact: ValueFact(fact.elementType, shape))
        last[value] = made
        return made
    }

    private func isReadElsewhere(_ value: ValueID) -> Bool {
        uses.isGraphOutput(value)
            || uses.consumers[value.index].contains { reader in
                guard let choice = moved[reader] else { return true }
                return source[reader].inputs.indices.contains { source[reader].inputs[$0] == value && !choice.data.contains($0) }
            }
    }

    private func transposition(from value: ValueID, to result: ValueID, toLast: Bool, _ graph: Graph) -> Node {
        let order = Self.order(rank: graph[result].fact.rank ?? 0, toLast: toLast)
        return Node(name: graph[result].name, op: Transpose(permutation: order), inputs: [value], outputs: [result])
    }

    private static func order(rank: Int, toLast: Bool) -> [Int] {
        toLast ? [0] + Array(2..<rank) + [1] : [0, rank - 1] + Array(1..<rank - 1)
    }
}
