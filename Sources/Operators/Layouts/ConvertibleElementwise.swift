import GraphIR
import Tensors

/// An operator that treats each element of input 0 by itself; other inputs are single numbers.
private protocol Pointwise: ChannelsLastConvertible {}

extension Pointwise {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? { node.form(self) }
}

extension Unary: Pointwise {}
extension Activation: Pointwise {}
extension Clip: Pointwise {}

extension Variadic: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        node.operands().map { ChannelsLastForm(op: self, inputs: $0) }
    }
}

extension Arithmetic: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? { rule.channelsLastForm(of: self, node) }
}

extension Power: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? { rule.channelsLastForm(of: self, node) }
}

extension BroadcastRule {
    fileprivate func channelsLastForm(of op: any Operator, _ node: LayoutNode) -> ChannelsLastForm? {
        guard case .multidirectional = self else { return nil }
        return node.operands().map { ChannelsLastForm(op: op, inputs: $0) }
    }
}

extension PRelu: ChannelsLastConvertible {
    func channelsLastForm(_ node: LayoutNode) -> ChannelsLastForm? {
        guard let data = node.data(0), let slope = node.operand(1), node.fact(1)?.shape?.rank != 1 || !slopeIsPerChannel else { return nil }
        return ChannelsLastForm(op: self, inputs: [data, slope])
    }
}
