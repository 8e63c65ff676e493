package import GraphIR
import Tensors

/// A quantized convolution of channels-last data followed by the addition of a tensor of the same shape → residual of the convolution,
/// with the same roundings.
package struct IntegerResiduals: GraphPass {
    package let name = "integer-residuals"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        let index = QuantizationIndex(graph)
        var nodes: [Node?] = graph.nodes
        var count = 0
        for (position, node) in graph.nodes.enumerated() {
            guard let sum = node.op as? LinearArithmetic, sum.function == .add, node.inputs.count == 8 else { continue }
            for (own, other) in [(0, 3), (3, 0)] {
                guard let producer = index.ownProducer(of: node.inputs[own], for: position), nodes[producer] != nil,
                    let made = join(graph.nodes[producer], node, sum, own: own, other: other, graph)
                else { continue }
                nodes[position] = made
                nodes[producer] = nil
                count += 1
                break
            }
        }
        graph.nodes = nodes.compactMap(\.self)
        return count
    }

    /// The convolution in the sum's place; nil unless it may add the sum's other operand, and the sum takes its result as it was made.
    private func join(
        _ producer: Node, _ node: Node, _ sum: LinearArithmetic, own: Int, other: Int, _ graph: Graph
    ) -> Node? {
        guard var convolution = producer.op as? IntegerConvolution, convolution.isQuantized, !convolution.addsResidual,
            convolution.layout == .channelsLast, let result = producer.outputs.first, let residual = node.inputs[other],
            let shape = graph[result].fact.shape, shape == graph[residual].fact.shape, !shape.dimensions.contains(.unknown),
            isSame(producer.input(6), node.inputs[own + 1], graph), isSame(producer.input(7), node.inputs[own + 2], graph)
        else { return nil }
        convolution.addsResidual = true
        convolution.sumLimits = sum.limits
        let inputs = (0..<9).map { producer.input($0) } + [residual] + (1...2).map { node.inputs[other + $0] } + node.inputs[6...7]
        return inputs.suffix(5).allSatisfy { $0 != nil }
            ? Node(name: producer.name, op: convolution, inputs: inputs, outputs: node.outputs) : nil
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
