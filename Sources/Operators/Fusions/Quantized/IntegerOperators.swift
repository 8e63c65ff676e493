package import GraphIR
import Tensors

/// DequantizeLinear, an operator, QuantizeLinear → the operator on integers, whose result lies within one quantum. An activation that
/// only limits numbers goes along. Products without a quantization behind them give real numbers.
///
/// What is matched is what ONNX Runtime computes in integers, too; anything else stays as it is.
package struct IntegerOperators: GraphPass {
    package let name = "integer-operators"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        let index = QuantizationIndex(graph)
        var nodes: [Node?] = graph.nodes
        var count = 0
        for (position, node) in graph.nodes.enumerated() {
            guard let result = graph.byteQuantization(node),
                let (steps, limits) = steps(before: position, quantizedAs: result, index, graph), let first = steps.last
            else { continue }
            var matcher = IntegerMatcher(index: index, node: graph.nodes[first], result: result, limits: limits)
            guard let made = matcher.match(&graph) else { continue }
            nodes[position] = Node(name: graph.nodes[first].name, op: made.op, inputs: made.inputs, outputs: node.outputs)
            for step in steps { nodes[step] = nil }
            count += 1
        }
        for (position, node) in graph.nodes.enumerated() where nodes[position] != nil {
            var matcher = IntegerMatcher(index: index, node: node, result: nil, limits: nil)
            guard let made = matcher.matchReal(&graph) else { continue }
            nodes[position] = Node(name: node.name, op: made.op, inputs: made.inputs, outputs: node.outputs)
            count += 1
        }
        graph.nodes = nodes.compactMap(\.self)
        return count
    }

    /// The nodes from the one before a quantization back to what is to be computed in integers: limits, then the operator.
    private func steps(
        before position: Int, quantizedAs result: QuantizedValue, _ index: QuantizationIndex, _ graph: Graph
    ) -> (steps: [Int], limits: ClosedRange<Int32>?)? {
        var steps: [Int] = [], limits: ClosedRange<Int32>?, reader = position
        while let producer = index.ownProducer(of: graph.nodes[reader].input(0), for: reader) {
            steps.append(producer)
            guard let found = graph.limits(graph.nodes[producer], quantizedAs: result) else { return (steps, limits) }
            // The ones found before are applied later.
            limits = limits.map { found.clamped(to: $0) } ?? found
            reader = producer
        }
        return nil
    }
}
