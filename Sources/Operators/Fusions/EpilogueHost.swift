import GraphIR
import Tensors

/// An operator whose kernel can end with a bias, a residual and an activation.
///
/// Its inputs are: data, weights, bias (one value for each channel of the result), residual (of the result's shape).
protocol EpilogueHost: Operator {
    var activation: FusedActivation? { get set }

    /// The axis of a result of `rank` axes that the bias runs along.
    func channelAxis(rank: Int) -> Int
}

enum EpilogueInput {
    static let weights = 1
    static let bias = 2
    static let residual = 3
}

extension Linear: EpilogueHost {
    func channelAxis(rank: Int) -> Int { rank - 1 }
}

extension Conv: EpilogueHost {
    func channelAxis(rank: Int) -> Int { layout.channelAxis(rank: rank) }
}

extension Graph {
    /// The node's operator when it can still take something into its epilogue: computed in single precision, nothing applied yet.
    func openHost(_ node: Node) -> (any EpilogueHost)? {
        guard let host = node.op as? any EpilogueHost, host.activation == nil,
            let output = node.outputs.first, [.float32, .float16, .bfloat16].contains(self[output].fact.elementType)
        else { return nil }
        return host
    }
}
