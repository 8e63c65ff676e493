package import GraphIR
import Tensors

/// A product or convolution followed by the addition of one constant for each channel → bias.
package struct BiasFusion: GraphPass {
    package let name = "bias"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let host = graph.openHost(pair.producer), pair.producer.input(EpilogueInput.residual) == nil,
                let shape = graph[pair.value].fact.shape, let channels = shape[host.channelAxis(rank: shape.rank)].value,
                let (addend, values) = biases(pair, axis: host.channelAxis(rank: shape.rank), of: shape.rank, channels, in: graph)
            else { return nil }
            var bias = values
            if let present = pair.producer.input(EpilogueInput.bias) {
                guard let values = graph.floats(present), values.count == channels else { return nil }
                bias = zip(bias, values).map { $0 + $1 }
            }
            let constant = graph.addConstant(name: graph[addend].name, Tensor(bias, shape: [channels]))
            return pair.fused(host, inputs: pair.producer.inputs(putting: constant, at: EpilogueInput.bias))
        }
    }

    /// What the consumer adds, and that as one value for each channel; nil unless it is constant and varies along the channels alone.
    private func biases(
        _ pair: FusionSweep.Pair, axis: Int, of rank: Int, _ channels: Int, in graph: Graph
    ) -> (ValueID, [Float])? {
        if let addition = pair.consumer.op as? BiasAdd {
            guard pair.consumer.input(0) == pair.value, rank >= 2, addition.layout.channelAxis(rank: rank) == axis,
                let addend = pair.consumer.input(1), let values = graph.floats(addend), values.count == channels
            else { return nil }
            return (addend, values)
        }
        guard let addend = pair.addend else { return nil }
        return spread(addend, axis: axis, of: rank, channels, in: graph).map { (addend, $0) }
    }

    /// A constant as one value for each channel; nil unless it varies along the channel axis alone.
    private func spread(_ addend: ValueID, axis: Int, of rank: Int, _ channels: Int, in graph: Graph) -> [Float]? {
        guard let values = graph.floats(addend), let shape = graph[addend].fact.constant?.shape, shape.rank <= rank else {
            return nil
        }
        let extents = [Int](repeating: 1, count: rank - shape.rank) + shape.extents
        guard extents.indices.allSatisfy({ extents[$0] == 1 || ($0 == axis && extents[$0] == channels) }) else { return nil }
        return values.count == 1 ? [Float](repeating: values[0], count: channels) : values
    }
}
