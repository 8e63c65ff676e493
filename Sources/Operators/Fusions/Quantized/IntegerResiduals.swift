package import GraphIR
import Tensors

/// A quantized convolution of channels-last data followed by the addition of a tensor of the same shape → residual of the convolution,
/// with the same roundings.
package struct IntegerResiduals: GraphPass {
    package let name = "integer-residuals"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let sum = pair.consumer.op as? LinearArithmetic, sum.function == .add, pair.consumer.inputs.count == 8,
                let own = [0, 3].first(where: { pair.consumer.inputs[$0] == pair.value })
            else { return nil }
            return join(pair, sum, own: own, other: 3 - own, graph)
        }
    }

    /// The convolution in the sum's place; nil unless it may add the sum's other operand, and the sum takes its result as it was made.
    private func join(_ pair: FusionSweep.Pair, _ sum: LinearArithmetic, own: Int, other: Int, _ graph: Graph) -> Node? {
        let producer = pair.producer, operands = pair.consumer.inputs
        guard var convolution = producer.op as? IntegerConvolution, convolution.isQuantized, !convolution.addsResidual,
            convolution.layout == .channelsLast, let residual = operands[other], let shape = graph[pair.value].fact.shape,
            shape == graph[residual].fact.shape, !shape.dimensions.contains(.unknown),
            isSame(producer.input(6), operands[own + 1], graph), isSame(producer.input(7), operands[own + 2], graph)
        else { return nil }
        convolution.addsResidual = true
        convolution.sumLimits = sum.limits
        let inputs = (0..<9).map { producer.input($0) } + [residual] + (1...2).map { operands[other + $0] } + operands[6...7]
        return inputs.suffix(5).allSatisfy { $0 != nil } ? pair.fused(convolution, inputs: inputs) : nil
    }

    /// Whether both are one value, or equal constants.
    private func isSame(_ a: ValueID?, _ b: ValueID?, _ graph: Graph) -> Bool {
        guard let a, let b else { return false }
        if a == b { return true }
        guard let first = graph[a].fact.constant, let second = graph[b].fact.constant, first.elementType == second.elementType,
            first.elementCount == 1, second.elementCount == 1
        else { return false }
        if first.elementType == .float32 { return first.values(Float.self) == second.values(Float.self) }
        return first.integers == second.integers
    }
}
