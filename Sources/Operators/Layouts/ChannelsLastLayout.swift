package import GraphIR
import Tensors

/// Lays image-like data out with its channels last wherever convolutions gain by it: a convolution reads whole runs of channels, and
/// one after the other nothing has to be transposed between them.
///
/// Data is transposed where it enters such a stretch of the graph and where it leaves it. Data of one channel or one pixel lies the
/// same in both layouts, so that transposing it costs nothing.
package struct ChannelsLastLayout: GraphPass {
    package let name = "channels-last"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        guard graph.nodes.contains(where: { Sweep.isWanted($0, graph) }) else { return 0 }
        var sweep = Sweep(graph)
        sweep.run()
        graph = sweep.graph
        return sweep.count
    }
}

/// One walk over a graph that converts nodes and keeps account of which values lie how.
private struct Sweep {
    private(set) var graph: Graph
    private(set) var count = 0
    private var nodes: [Node] = []
    /// The channels-last twins of values.
    private var twins: [ValueID: ValueID] = [:]
    /// Values of which only the twin is computed so far.
    private var missing: Set<ValueID> = []

    init(_ graph: Graph) { self.graph = graph }

    static func isWanted(_ node: Node, _ graph: Graph) -> Bool {
        guard let op = node.op as? any ChannelsLastConvertible, op.prefersChannelsLast, let node = LayoutNode(node, in: graph) else {
            return false
        }
        return op.channelsLastForm(node) != nil
    }

    mutating func run() {
        for node in graph.nodes {
            if let form = form(of: node) {
                convert(node, form)
            } else if !follow(node) {
                keep(node)
            }
        }
        for output in graph.outputs { restore(output) }
        graph.nodes = nodes
    }

    private func form(of node: Node) -> ChannelsLastForm? {
        guard let op = node.op as? any ChannelsLastConvertible, let place = LayoutNode(node, in: graph),
            op.prefersChannelsLast || node.inputs.contains(where: { $0.map { twins[$0] != nil } ?? false })
        else { return nil }
        return op.channelsLastForm(place)
    }

    private mutating func convert(_ node: Node, _ form: ChannelsLastForm) {
        var inputs: [ValueID?] = []
        for (index, input) in form.inputs.enumerated() {
            switch input {
            case .data(let value): inputs.append(twin(of: value))
            case .constant(let tensor): inputs.append(graph.addConstant(name: "\(node.name).\(index)", tensor))
            case .kept(let value):
                if let value { restore(value) }
                inputs.append(value)
            }
        }
        let outputs = node.outputs.map { output in
            let twin = graph.addValue(name: graph[output].name, fact: graph[output].fact.channelsLast)
            twins[output] = twin
            missing.insert(output)
            return twin
        }
        nodes.append(Node(name: node.name, op: form.op, inputs: inputs, outputs: outputs))
        count += 1
    }

    /// A transposition between the layouts that the graph has already: what it gives is the twin of what it takes, or the other way
    /// round.
    private mutating func follow(_ node: Node) -> Bool {
        guard let transpose = node.op as? Transpose, !transpose.takesPermutation, let order = transpose.permutation, order.count > 2,
            let input = node.input(0), let output = node.outputs.first, graph[input].fact.shape?.rank == order.count
        else { return false }
        if order == AxisOrder.toLast(rank: order.count), let twin = twins[input] {
            append(Array(order.indices), from: twin, to: output)
            return true
        }
        guard order == AxisOrder.toFirst(rank: order.count) else { return false }
        restore(input)
        twins[output] = input
        missing.insert(output)
        return true
    }

    private mutating func keep(_ node: Node) {
        for value in node.dependencies { restore(value) }
        nodes.append(node)
    }

    /// The value's channels-last twin, transposed here on first need.
    private mutating func twin(of value: ValueID) -> ValueID {
        if let twin = twins[value] { return twin }
        let fact = graph[value].fact, twin = graph.addValue(name: graph[value].name, fact: fact.channelsLast)
        append(AxisOrder.toLast(rank: fact.shape?.rank ?? 0), from: value, to: twin)
        twins[value] = twin
        return twin
    }

    /// Computes the value itself where there is only its twin so far.
    private mutating func restore(_ value: ValueID) {
        guard let twin = twins[value], missing.remove(value) != nil else { return }
        append(AxisOrder.toFirst(rank: graph[value].fact.shape?.rank ?? 0), from: twin, to: value)
    }

    private mutating func append(_ order: [Int], from source: ValueID, to target: ValueID) {
        nodes.append(Node(name: graph[target].name, op: Transpose(permutation: order), inputs: [source], outputs: [target]))
    }
}
