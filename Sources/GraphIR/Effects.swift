/// What running a node does or reads beside its inputs and outputs.
///
/// A node without effects may be folded, removed, merged with its equal and fused. Any other runs as often as its graph runs, and
/// keeps its place among the nodes with effects.
package struct Effects: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The outputs differ from run to run: removed when nobody reads them, never folded or merged.
    package static let random = Effects(rawValue: 1)
    /// The outputs depend on a resource's contents.
    package static let readsResource = Effects(rawValue: 2)
    /// Changes a resource: runs even when nobody reads the outputs.
    package static let writesResource = Effects(rawValue: 4)

    /// Refuses inputs that a model does not want (TensorFlow's `Assert`): runs even when nobody reads the outputs. What it gives
    /// follows from the inputs alone.
    package static let checks = Effects(rawValue: 8)

    /// Whether equal inputs give equal outputs in every run.
    package var isDeterministic: Bool { isDisjoint(with: [.random, .readsResource, .writesResource]) }
    /// Whether the node must run even when nobody reads its outputs.
    package var isRequired: Bool { !isDisjoint(with: [.writesResource, .checks]) }
}

extension Node {
    /// The operator's effects and those of every node in its subgraphs.
    package var effects: Effects {
        subgraphs.reduce(op.effects) { effects, subgraph in
            subgraph.graph.nodes.reduce(effects) { $0.union($1.effects) }
        }
    }
}
