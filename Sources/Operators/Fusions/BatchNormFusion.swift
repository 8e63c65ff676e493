package import GraphIR
import Tensors

/// A convolution or dense layer followed by BatchNormalization or `ChannelScale` → other weights and another bias.
package struct BatchNormFusion: GraphPass {
    package let name = "batch-normalization"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let host = graph.openHost(pair.producer), pair.producer.input(EpilogueInput.residual) == nil,
                pair.consumer.input(0) == pair.value, let rank = graph[pair.value].fact.rank, rank >= 2,
                let affine = affine(pair.consumer, alongAxis: host.channelAxis(rank: rank), of: rank, graph),
                let source = pair.producer.input(EpilogueInput.weights), let weights = graph[source].fact.constant,
                let scaled = try scale(weights, by: affine.map(\.factor), of: host)
            else { return nil }
            var bias = [Float](repeating: 0, count: affine.count)
            if let present = pair.producer.input(EpilogueInput.bias) {
                guard let values = graph.floats(present), values.count == affine.count else { return nil }
                bias = values
            }
            let shifted = zip(bias, affine).map { Float(Double($0) * $1.factor + $1.shift) }
            let name = graph[source].name
            let newWeights = graph.addConstant(name: name, scaled)
            let newBias = graph.addConstant(name: name + ".bias", Tensor(shifted, shape: [affine.count]))
            var fused = host
            fused.activation = (pair.consumer.op as? ChannelScale)?.activation
            return pair.fused(fused, inputs: [pair.producer.inputs[0], newWeights, newBias])
        }
    }

    /// Factor and shift of each channel; nil unless the node scales channels along `axis` and all numbers are constant.
    private func affine(
        _ node: Node, alongAxis axis: Int, of rank: Int, _ graph: Graph
    ) -> [(factor: Double, shift: Double)]? {
        if node.op is ChannelScale, axis == rank - 1 {
            guard let factors = graph.floats(node.input(1)), let shifts = graph.floats(node.input(2)) else { return nil }
            return zip(factors, shifts).map { (Double($0), Double($1)) }
        }
        guard let op = node.op as? BatchNormalization, op.layout.channelAxis(rank: rank) == axis else { return nil }
        return op.affine(node, graph)
    }

    /// The weights with each output channel scaled; nil when their channels are not as many as the factors.
    private func scale(_ weights: Tensor, by factors: [Double], of host: any EpilogueHost) throws(OperatorError) -> Tensor? {
        let channels = factors.count, isOutermost = host.outputChannels == .outermost
        guard weights.elementType == .float32, channels > 0, weights.elementCount % channels == 0,
            isOutermost ? weights.shape.extents.first == channels : innermostChannels(of: weights, host) == channels
        else { return nil }
        let recipe = ScaledChannels(factors: factors, innerCount: isOutermost ? weights.elementCount / channels : 1)
        do { return try Tensor(derivedFrom: weights, by: recipe) } catch { throw .memory(error) }
    }

    /// How many channels of the result the weights have innermost.
    private func innermostChannels(of weights: Tensor, _ host: any EpilogueHost) -> Int? {
        guard let last = weights.shape.extents.last else { return nil }
        guard (host as? FilterConvolution)?.kind == .depthwise, weights.shape.rank >= 2 else { return last }
        return weights.shape[weights.shape.rank - 2] * last
    }
}

extension BatchNormalization {
    /// Factor and shift of each channel; nil unless all numbers are constant.
    func affine(_ node: Node, _ graph: Graph) -> [(factor: Double, shift: Double)]? {
        guard let scale = graph.floats(node.input(1)), let bias = graph.floats(node.input(2)), let mean = graph.floats(node.input(3)),
            let variance = graph.floats(node.input(4)),
            [bias.count, mean.count, variance.count].allSatisfy({ $0 == scale.count })
        else { return nil }
        return scale.indices.map { channel in
            let factor = Double(scale[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
            return (factor, Double(bias[channel]) - Double(mean[channel]) * factor)
        }
    }
}

/// Numbers of type float32 times the factors of their channels.
struct ScaledChannels: ContentRecipe {
    let factors: [Double]
    /// How many consecutive numbers are of one channel.
    let innerCount: Int

    func write(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
        let from = source.bindMemory(to: Float.self), to = target.bindMemory(to: Float.self)
        guard innerCount > 0 else { return }
        factors.withUnsafeBufferPointer { factors in
            var place = 0
            while place < from.count {
                for factor in factors {
                    for _ in 0..<innerCount {
                        to[place] = Float(Double(from[place]) * factor)
                        place += 1
                    }
                }
            }
        }
    }
}
