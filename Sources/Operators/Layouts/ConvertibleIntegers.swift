import GraphIR
import Tensors

extension IntegerConvolution: ChannelsLastConvertible {
    var prefersChannelsLast: Bool { layout == .channelsFirst }

    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard layout == .channelsFirst else { return nil }
        var op = self
        op.layout = .channelsLast
        return node.form(op)
    }
}

extension LinearAveragePool: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard layout == .channelsFirst else { return nil }
        var op = self
        op.layout = .channelsLast
        return node.form(op)
    }
}

extension LinearArithmetic: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? { node.form(self, data: [0, 3]) }
}

extension LinearConcat: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard let axis = node.place(of: axis) else { return nil }
        return node.form(LinearConcat(axis: axis), data: stride(from: 2, to: node.node.inputs.count, by: 3))
    }
}

extension LinearFunction: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? { node.form(self) }
}

extension ByteFunction: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? { node.form(self) }
}
