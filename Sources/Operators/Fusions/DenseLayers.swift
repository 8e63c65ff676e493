package import GraphIR
import Tensors

/// Makes MatMul, BatchMatMul and Gemm with constant weights one operator, `Linear`, which the other fusions extend.
package struct DenseLayers: GraphPass {
    package let name = "dense-layers"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        var count = 0
        for position in graph.nodes.indices {
            guard let node = linear(from: graph.nodes[position], in: &graph) else { continue }
            graph.nodes[position] = node
            count += 1
        }
        return count
    }

    private func linear(from node: Node, in graph: inout Graph) -> Node? {
        guard let weights = node.input(EpilogueInput.weights), let tensor = graph[weights].fact.constant,
            [.float32, .float16, .bfloat16].contains(tensor.elementType), tensor.shape.rank == 2, let x = node.input(0)
        else { return nil }
        var op = Linear()
        if node.op is MatMul { return Node(name: node.name, op: op, inputs: [x, weights], outputs: node.outputs) }
        if let product = node.op as? BatchMatMul {
            guard !product.left.isTransposed, product.resultType ?? tensor.elementType == tensor.elementType,
                graph[x].fact.type.elementType == tensor.elementType
            else { return nil }
            op.transposesWeights = product.right.isTransposed
            return Node(name: node.name, op: op, inputs: [x, weights], outputs: node.outputs)
        }
        guard let gemm = node.op as? Gemm, !gemm.transposesLeft else { return nil }
        op.transposesWeights = gemm.transposesRight
        op.scale = gemm.alpha
        guard let addend = node.input(EpilogueInput.bias), gemm.beta != 0 else {
            return Node(name: node.name, op: op, inputs: [x, weights], outputs: node.outputs)
        }
        let columns = tensor.shape[gemm.transposesRight ? 0 : 1]
        guard let bias = columnBias(addend, scale: gemm.beta, columns: columns, in: &graph) else { return nil }
        return Node(name: node.name, op: op, inputs: [x, weights, bias], outputs: node.outputs)
    }

    /// Gemm's constant C as one value for each column, times beta; nil when it is another kind of addend.
    private func columnBias(_ addend: ValueID, scale: Float, columns: Int, in graph: inout Graph) -> ValueID? {
        guard let tensor = graph[addend].fact.constant, tensor.shape.rank <= 2, tensor.shape.rank < 2 || tensor.shape[0] == 1,
            [1, columns].contains(tensor.elementCount)
        else { return nil }
        if scale == 1, tensor.shape == [columns] { return addend }
        guard tensor.elementType == .float32 else { return nil }
        let values = tensor.values(Float.self)
        let bias = (0..<columns).map { scale * values[values.count == 1 ? 0 : $0] }
        return graph.addConstant(name: graph[addend].name, Tensor(bias, shape: [columns]))
    }
}
