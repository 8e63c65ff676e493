import GraphIR
import Tensors

extension IntegerMatcher {
    /// BatchNormalization by constant statistics as a convolution that takes each channel for itself, with one weight.
    ///
    /// The weights are as large as 8 bits allow, so that a unit of the sums, in which the shift is rounded, is a small part of a quantum.
    func normalization(_ op: BatchNormalization, _ result: QuantizedValue, _ graph: inout Graph) -> Match? {
        guard op.layout == .channelsFirst, let x = index.bytes(of: node.input(0), graph), let (scale, _) = graph.parameters(x),
            let rank = graph[x.value].fact.rank, (3...5).contains(rank), let factors = graph.floats(node.input(1)),
            let shifts = graph.floats(node.input(2)), let means = graph.floats(node.input(3)), let variances = graph.floats(node.input(4)),
            [shifts.count, means.count, variances.count].allSatisfy({ $0 == factors.count })
        else { return nil }
        var weights: [Int8] = [], scales: [Float] = [], biases: [Int32] = []
        for channel in factors.indices {
            let factor = Double(factors[channel]) / (Double(variances[channel]) + Double(op.epsilon)).squareRoot()
            let each = Float(abs(factor) / Double(Int8.max)), unit = Double(each) * Double(scale)
            let bias = ((Double(shifts[channel]) - Double(means[channel]) * factor) / unit).rounded(.toNearestOrEven)
            guard unit.isNormal, abs(bias) < 0x1p30 else { return nil }
            weights.append(factor < 0 ? -Int8.max : Int8.max)
            scales.append(each)
            biases.append(Int32(bias))
        }
        let count = weights.count, name = node.name, ones = [Int](repeating: 1, count: rank - 1)
        let weight = QuantizedValue(
            value: graph.addConstant(name: name + ".weights", Tensor(weights, shape: Shape([count] + ones))), type: .int8,
            scale: graph.addConstant(name: name + ".scales", Tensor(scales, shape: [count])), zero: nil, axis: 0)
        let inputs = [
            x.value, x.scale, graph.zeroValue(x), weight.value, weight.scale, graph.zeroValue(weight), result.scale,
            graph.zeroValue(result), graph.addConstant(name: name + ".bias", Tensor(biases, shape: [count])),
        ]
        return (IntegerConvolution(quantizing: WindowAttributes(), groups: count, limits: limits), inputs)
    }
}
