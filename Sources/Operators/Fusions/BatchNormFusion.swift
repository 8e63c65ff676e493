package import GraphIR
import Tensors

/// A convolution or dense layer followed by BatchNormalization → other weights and another bias.
package struct BatchNormFusion: GraphPass {
    package let name = "batch-normalization"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let host = graph.openHost(pair.producer), pair.producer.input(EpilogueInput.residual) == nil,
                let normalization = pair.consumer.op as? BatchNormalization, pair.consumer.input(0) == pair.value,
                let rank = graph[pair.value].fact.rank, rank >= 2,
                host.channelAxis(rank: rank) == normalization.layout.channelAxis(rank: rank),
                let affine = affine(normalization, pair.consumer, graph),
                let source = pair.producer.input(EpilogueInput.weights), let weights = graph[source].fact.constant,
                let scaled = scale(weights, by: affine.map(\.factor), of: host)
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
            return pair.fused(host, inputs: [pair.producer.inputs[0], newWeights, newBias])
        }
    }

    /// Factor and shift of each channel; nil unless all statistics are constant.
    private func affine(_ op: BatchNormalization, _ node: Node, _ graph: Graph) -> [(factor: Double, shift: Double)]? {
        guard let scale = graph.floats(node.input(1)), let bias = graph.floats(node.input(2)),
            let mean = graph.floats(node.input(3)), let variance = graph.floats(node.input(4)),
            [bias.count, mean.count, variance.count].allSatisfy({ $0 == scale.count })
        else { return nil }
        return scale.indices.map { channel in
            let factor = Double(scale[channel]) / (Double(variance[channel]) + Double(op.epsilon)).squareRoot()
            return (factor, Double(bias[channel]) - Double(mean[channel]) * factor)
        }
    }

    /// The weights with each output channel scaled; nil when their channels are not as many as the factors.
    private func scale(_ weights: Tensor, by factors: [Double], of host: any EpilogueHost) -> Tensor? {
        let outermost = (host as? Linear)?.transposesWeights ?? true
        guard weights.elementType == .float32,
            let channels = outermost ? weights.shape.extents.first : weights.shape.extents.last,
            channels == factors.count
        else { return nil }
        let inner = outermost ? weights.elementCount / max(channels, 1) : 1
        var values = weights.values(Float.self)
        for index in values.indices { values[index] = Float(Double(values[index]) * factors[index / inner % channels]) }
        return Tensor(values, shape: weights.shape)
    }
}
