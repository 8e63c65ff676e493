package import GraphIR
import Tensors

/// MatMulInteger, a cast to float32, a product with scales (and an addition of a bias) → one product that gives real numbers, as
/// dynamic quantization writes them. Several products may share one DynamicQuantizeLinear.
package struct DynamicProducts: GraphPass {
    package let name = "dynamic-products"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int { scale(in: &graph) + (try addBias(in: &graph)) }

    private func scale(in graph: inout Graph) -> Int {
        let index = QuantizationIndex(graph)
        var nodes: [Node?] = graph.nodes
        var count = 0
        for (position, node) in graph.nodes.enumerated() {
            guard let operands = operands(of: node, .multiply) else { continue }
            for (cast, scale) in [(operands.0, operands.1), (operands.1, operands.0)] {
                guard let middle = index.ownProducer(of: cast, for: position), let conversion = graph.nodes[middle].op as? Cast,
                    conversion.target == .float32, let first = index.ownProducer(of: graph.nodes[middle].input(0), for: middle),
                    let product = graph.nodes[first].op as? IntegerMatMul, product.function == .integer,
                    let scales = scales(scale, graph.nodes[first], index, &graph)
                else { continue }
                let source = graph.nodes[first]
                nodes[position] = Node(
                    name: source.name, op: IntegerMatMul(function: .toReal),
                    inputs: [source.input(0), source.input(1), scales.left, scales.right, source.input(2), source.input(3)],
                    outputs: node.outputs)
                nodes[middle] = nil
                nodes[first] = nil
                count += 1
                break
            }
        }
        graph.nodes = nodes.compactMap(\.self)
        return count
    }

    /// The scales of both operands whose product `scale` is; nil where they do not fit the product.
    private func scales(
        _ scale: ValueID, _ product: Node, _ index: QuantizationIndex, _ graph: inout Graph
    ) -> (left: ValueID, right: ValueID)? {
        if let producer = index.uses.producers[scale.index], let (a, b) = operands(of: graph.nodes[producer], .multiply) {
            for (left, right) in [(a, b), (b, a)] where isNumber(left, graph) && (isNumber(right, graph) || isLine(right, product, graph)) {
                return (left, right)
            }
        }
        guard isNumber(scale, graph) else { return nil }
        return (scale, graph.addConstant(name: product.name + ".one", Tensor([1 as Float], shape: [1])))
    }

    private func addBias(in graph: inout Graph) throws(NodeError) -> Int {
        try FusionSweep.run(on: &graph) { (pair, graph) throws(OperatorError) in
            guard let product = pair.producer.op as? IntegerMatMul, product.function == .toReal, pair.producer.input(6) == nil,
                let bias = pair.addend, graph[bias].fact.constant != nil, isLine(bias, pair.producer, graph)
            else { return nil }
            return pair.fused(product, inputs: pair.producer.inputs(putting: bias, at: 6))
        }
    }

    /// The operands of a plain sum or product of float32.
    private func operands(of node: Node, _ function: Arithmetic.Function) -> (ValueID, ValueID)? {
        guard let arithmetic = node.op as? Arithmetic, arithmetic.function == function, case .multidirectional = arithmetic.rule,
            node.inputs.count == 2, let a = node.inputs[0], let b = node.inputs[1]
        else { return nil }
        return (a, b)
    }

    /// One number that stretches nothing.
    private func isNumber(_ value: ValueID, _ graph: Graph) -> Bool {
        guard let type = graph[value].fact.valueType.tensor, type.elementType == .float32, let shape = type.shape?.concrete else {
            return false
        }
        return shape.elementCount == 1 && shape.rank <= 1
    }

    /// One number for each column of the product.
    private func isLine(_ value: ValueID, _ product: Node, _ graph: Graph) -> Bool {
        guard let type = graph[value].fact.valueType.tensor, type.elementType == .float32, let shape = type.shape?.concrete,
            shape.rank == 1,
            let right = product.input(1), let weights = graph[right].fact.shape, weights.rank >= 2
        else { return false }
        return weights[weights.rank - 1].value == shape[0]
    }
}
