import GraphIR
import Tensors

extension Conv: ChannelsLastConvertible {
    var prefersChannelsLast: Bool { layout == .channelsFirst }

    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard layout == .channelsFirst, node.isFloat(0), let data = node.data(0), let weights = node.fact(1)?.constant?.shape,
            weights.rank == node.rank
        else { return nil }
        // A depthwise convolution over three axes has no kernel of its own.
        if groups > 1, weights[1] == 1, node.rank > 4 { return nil }
        var inputs = [data, node.kept(1), node.kept(2)]
        if node.node.input(EpilogueInput.residual) != nil {
            guard let residual = node.data(EpilogueInput.residual) else { return nil }
            inputs.append(residual)
        }
        var op = self
        op.layout = .channelsLast
        return ChannelsLastForm(op: op, inputs: inputs)
    }
}

extension MaxPool: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard attributes.layout == .channelsFirst, node.node.outputs.count == 1 else { return nil }
        guard node.isFloat(0) else { return bytesForm(node) }
        var op = self
        op.attributes.layout = .channelsLast
        return node.form(op)
    }

    private func bytesForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard let type = node.fact(0)?.elementType, LinearTypes.eightBits.contains(type), node.rank > 3, !attributes.roundsUp else {
            return nil
        }
        return node.form(ChannelsLastPool(name: name, function: .maximum, rank: node.rank, window: attributes.window))
    }
}

extension AveragePool: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard attributes.layout == .channelsFirst, node.isFloat(0) else { return nil }
        var op = self
        op.attributes.layout = .channelsLast
        return node.form(op)
    }
}

extension GlobalPool: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard layout == .channelsFirst, node.isFloat(0) else { return nil }
        return node.form(GlobalPool(reduction, layout: .channelsLast))
    }
}

extension BatchNormalization: ChannelsLastConvertible {
    /// With recorded statistics: one factor and one shift for each channel.
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard node.isFloat(0), node.node.outputs.count == 1, let data = node.data(0), let affine = affine(node.node, node.graph) else {
            return nil
        }
        return ChannelsLastForm(
            op: ChannelScale(),
            inputs: [
                data, .constant(Tensor(affine.map { Float($0.factor) }, shape: [affine.count])),
                .constant(Tensor(affine.map { Float($0.shift) }, shape: [affine.count])),
            ])
    }
}

extension LocalResponseNormalization: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard layout == .channelsFirst, node.isFloat(0) else { return nil }
        var op = self
        op.layout = .channelsLast
        return node.form(op)
    }
}
