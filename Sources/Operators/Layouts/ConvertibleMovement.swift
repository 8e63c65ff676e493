import GraphIR
import Tensors

extension Concat: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        let inputs = node.node.inputs.indices.compactMap(node.data)
        guard axisInput == nil, let axis = node.place(of: axis), inputs.count == node.node.inputs.count else { return nil }
        return ChannelsLastForm(op: Concat(axis: axis), inputs: inputs)
    }
}

extension Split: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        var op = self
        guard let axis = node.place(of: axis) else { return nil }
        op.axis = axis
        return node.form(op)
    }
}

extension ChannelShuffle: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard layout == .channelsFirst else { return nil }
        return node.form(ChannelShuffle(groups: groups, layout: .channelsLast))
    }
}

extension Resize: ChannelsLastConvertible {
    /// The lists of numbers stay in their order: they say which axes they speak of.
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        var op = self
        let spoken = axes ?? Array(0..<node.rank)
        let places = spoken.compactMap(node.place)
        guard places.count == spoken.count else { return nil }
        op.axes = places
        return node.form(op)
    }
}

extension Reduce: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard axes.keepsAxes, tensorFlowName == nil, let listed = listedAxes(node) else { return nil }
        let places = listed.compactMap(node.place)
        guard let data = node.data(0), !listed.isEmpty, places.count == listed.count else { return nil }
        let axes = ReductionAxes(source: .attribute(places), keepsAxes: true, emptyMeansNone: axes.emptyMeansNone)
        return ChannelsLastForm(op: Reduce(function: function, axes: axes), inputs: [data])
    }

    private func listedAxes(_ node: LayoutNode) -> [Int]? {
        switch axes.source {
        case .attribute(let listed): listed
        case .input: node.fact(1)?.integers
        }
    }
}
