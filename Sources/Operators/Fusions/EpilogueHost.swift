import GraphIR
import Tensors

/// An operator whose kernel can end with a bias, a residual and an activation.
///
/// Its inputs are: data, weights, bias (one value for each channel of the result), residual (of the result's shape).
protocol EpilogueHost: Operator {
    var activation: FusedActivation? { get set }

    /// The axis of a result of `rank` axes that the bias runs along.
    func channelAxis(rank: Int) -> Int

    /// Where the weights' channels of the result lie.
    var outputChannels: OutputChannels { get }

    /// Whether the kernel can add a residual.
    var takesResidual: Bool { get }
}

extension EpilogueHost {
    var takesResidual: Bool { true }
}

/// The order of weights, as far as scaling the channels of the result needs it.
enum OutputChannels {
    /// Along the first axis.
    case outermost
    /// Innermost, over one axis or several.
    case innermost
}

enum EpilogueInput {
    static let weights = 1
    static let bias = 2
    static let residual = 3
}

extension Linear: EpilogueHost {
    func channelAxis(rank: Int) -> Int { rank - 1 }
    var outputChannels: OutputChannels { transposesWeights ? .outermost : .innermost }
}

extension Conv: EpilogueHost {
    func channelAxis(rank: Int) -> Int { layout.channelAxis(rank: rank) }
    var outputChannels: OutputChannels { .outermost }
}

extension FilterConvolution: EpilogueHost {
    func channelAxis(rank: Int) -> Int { rank - 1 }
    var outputChannels: OutputChannels { .innermost }
}

extension ChannelScale: EpilogueHost {
    func channelAxis(rank: Int) -> Int { rank - 1 }
    var outputChannels: OutputChannels { .innermost }
    var takesResidual: Bool { false }
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
