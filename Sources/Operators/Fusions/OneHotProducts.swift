package import GraphIR
import Tensors

/// Equal(indices, 0 … K - 1), Cast and a dense layer become one `OneHotProduct`: the product of rows that hold a single 1 with weights
/// is a choice among the weights' rows.
///
/// Embeddings are written so where the framework has them as products (JAX, and one-hot layers of Keras and PyTorch).
package struct OneHotProducts: GraphPass {
    package let name = "one-hot-products"
    package init() {}

    package func run(on graph: inout Graph) throws(NodeError) -> Int {
        let uses = GraphUses(graph)
        var nodes: [Node?] = graph.nodes
        for (position, node) in graph.nodes.enumerated() {
            guard let found = product(node, uses, graph) else { continue }
            let table: Tensor
            // Without memory for the table the layer stays as it is.
            do { table = try found.table() } catch { continue }
            let value = graph.addConstant(name: "\(node.name).table", table)
            nodes[position] = Node(
                name: node.name, op: OneHotProduct(first: found.first), inputs: [found.indices, value], outputs: node.outputs)
            nodes[found.comparison] = nil
            nodes[found.cast] = nil
        }
        defer { graph.nodes = nodes.compactMap(\.self) }
        return nodes.count { $0 == nil }
    }

    /// A layer over one-hot rows.
    private struct Found {
        let comparison: Int
        let cast: Int
        let indices: ValueID
        let first: Int64
        let weights: Tensor
        let layer: Linear
        let bias: [Float]?

        /// The layer's results for each index, and for none.
        func table() throws(MemoryRefusal) -> Tensor {
            let rows = weights.shape[layer.transposesWeights ? 1 : 0], columns = weights.shape[layer.transposesWeights ? 0 : 1]
            let values = weights.values(Float.self), strides = layer.transposesWeights ? (1, rows) : (columns, 1)
            return try Tensor(TensorSpec(.float32, [rows + 1, columns])) { bytes in
                let table = bytes.bindMemory(to: Float.self)
                for row in 0...rows {
                    for column in 0..<columns {
                        let weight = row < rows ? layer.scale * values[row * strides.0 + column * strides.1] : 0
                        table[row * columns + column] = weight + (bias?[column] ?? 0)
                    }
                }
            }
        }
    }

    private func product(_ node: Node, _ uses: GraphUses, _ graph: Graph) -> Found? {
        guard let layer = node.op as? Linear, layer.activation == nil, node.input(EpilogueInput.residual) == nil,
            let x = node.input(0), uses.soleConsumer(of: x) != nil, let cast = uses.producers[x.index],
            (graph.nodes[cast].op as? Cast)?.target == .float32, let flags = graph.nodes[cast].input(0),
            uses.soleConsumer(of: flags) != nil, let comparison = uses.producers[flags.index],
            let (indices, first, count) = oneHot(graph.nodes[comparison], graph),
            let weights = node.input(EpilogueInput.weights).flatMap({ graph[$0].fact.constant }), weights.elementType == .float32,
            weights.shape.rank == 2, weights.shape[layer.transposesWeights ? 1 : 0] == count
        else { return nil }
        // 0 times what is not finite is not 0.
        guard layer.scale.isFinite, weights.values(Float.self).allSatisfy(\.isFinite) else { return nil }
        var bias: [Float]?
        if let given = node.input(EpilogueInput.bias) {
            bias = graph.floats(given)
            guard bias?.count == weights.shape[layer.transposesWeights ? 0 : 1] else { return nil }
        }
        return Found(
            comparison: comparison, cast: cast, indices: indices, first: first, weights: weights, layer: layer, bias: bias)
    }

    /// The indices [..., 1] that `node` compares with consecutive numbers [1…, K].
    private func oneHot(_ node: Node, _ graph: Graph) -> (indices: ValueID, first: Int64, count: Int)? {
        guard let op = node.op as? Comparison, op.function == .equal, case .multidirectional = op.rule, node.inputs.count == 2,
            let result = node.outputs.first.flatMap({ graph[$0].fact.shape })
        else { return nil }
        for side in 0...1 {
            guard let numbers = node.inputs[side].flatMap({ graph[$0].fact.constant }), let indices = node.inputs[1 - side],
                let shape = graph[indices].fact.shape, shape.rank == result.rank, shape.rank >= 1,
                shape[shape.rank - 1] == .known(1), numbers.shape.rank >= 1, numbers.shape.extents.last == numbers.elementCount,
                let first = consecutive(numbers)
            else { continue }
            return (indices, first, numbers.elementCount)
        }
        return nil
    }

    /// The first of numbers that grow by 1.
    private func consecutive(_ tensor: Tensor) -> Int64? {
        let numbers: [Int64]
        switch tensor.elementType {
        case .int32: numbers = tensor.values(Int32.self).map(Int64.init)
        case .int64: numbers = tensor.values(Int64.self)
        default: return nil
        }
        guard let first = numbers.first, let last = numbers.last, last > first || numbers.count == 1 else { return nil }
        return zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 && $1 - $0 == 1 } ? first : nil
    }
}
