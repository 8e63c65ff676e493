import GraphIR
import Tensors

/// What computes over channels-last data what a node computes over channels-first data.
struct ChannelsLastForm {
    /// Where an input comes from.
    enum Input {
        /// Channels-last data in the place of this channels-first data.
        case data(ValueID)
        /// The node's own input, or none.
        case kept(ValueID?)
        case constant(Tensor)
    }

    var op: any Operator
    var inputs: [Input]
}

/// An operator over channels-first data that may have a form over channels-last data. All outputs of the form are such data.
protocol ChannelsLastConvertible: Operator {
    /// Whether the operator's kernels over channels-last data are so much faster that its data is laid out for it; others are
    /// converted where data lies so already.
    var prefersChannelsLast: Bool { get }

    /// nil when the node has no such form.
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm?
}

extension ChannelsLastConvertible {
    var prefersChannelsLast: Bool { false }
}

/// A node whose result is image-like data, as far as its layout matters.
struct LayoutNode {
    let node: Node
    let graph: Graph
    /// Axes of the result, 3 to 5.
    let rank: Int

    init?(_ node: Node, in graph: Graph) {
        guard node.subgraphs.isEmpty, node.op.effects.isEmpty, let first = node.outputs.first,
            let rank = graph[first].fact.shape?.rank, (3...5).contains(rank),
            node.outputs.allSatisfy({ graph[$0].fact.shape?.rank == rank })
        else { return nil }
        self.node = node
        self.graph = graph
        self.rank = rank
    }

    func fact(_ index: Int) -> ValueFact? { node.input(index).map { graph[$0].fact } }

    /// Whether input `index` is of a type that convolutions and poolings have channels-last kernels for.
    func isFloat(_ index: Int) -> Bool {
        [.float32, .float16, .bfloat16].contains(fact(index)?.elementType)
    }

    /// Input `index` as data; nil when it is absent or has another rank.
    func data(_ index: Int) -> ChannelsLastForm.Input? {
        guard let value = node.input(index), graph[value].fact.shape?.rank == rank else { return nil }
        return .data(value)
    }

    func kept(_ index: Int) -> ChannelsLastForm.Input { .kept(node.input(index)) }

    /// Input `index` as something that stretches to the data: data itself, a single number, or a constant of fewer axes.
    func operand(_ index: Int) -> ChannelsLastForm.Input? {
        guard let value = node.input(index), let shape = graph[value].fact.shape else { return nil }
        guard shape.rank < rank else { return data(index) }
        guard let constant = graph[value].fact.constant else { return shape.rank == 0 ? .kept(value) : nil }
        if constant.shape.elementCount == 1 { return .kept(value) }
        // Without memory for a copy the data stays as it lies.
        do { return .constant(try constant.channelsLast(rank: rank)) } catch { return nil }
    }

    /// All inputs as operands of a broadcast.
    func operands() -> [ChannelsLastForm.Input]? {
        let inputs = node.inputs.indices.compactMap(operand)
        return inputs.count == node.inputs.count ? inputs : nil
    }

    /// A form of `op` over the data inputs `places` and the other inputs as they are.
    func form(_ op: any Operator, data places: some Sequence<Int> = [0]) -> ChannelsLastForm? {
        var inputs = node.inputs.map(ChannelsLastForm.Input.kept)
        for place in places {
            guard let data = data(place) else { return nil }
            inputs[place] = data
        }
        return ChannelsLastForm(op: op, inputs: inputs)
    }

    /// Where `axis`, which may count from the end, stands in channels-last data.
    func place(of axis: Int) -> Int? {
        Shape.resolve(axis: axis, rank: rank).map { AxisOrder.place(of: $0, rank: rank) }
    }
}
