package import GraphIR
import Tensors

/// Functions of one number between a DequantizeLinear and a QuantizeLinear → a table of the 256 integers that they give, and nothing
/// where both quantize alike and there is no function.
package struct ByteFunctions: GraphPass {
    package let name = "byte-functions"
    package init() {}

    package func run(on graph: inout Graph) -> Int {
        let index = QuantizationIndex(graph)
        var nodes: [Node?] = graph.nodes
        var replaced: [ValueID: ValueID] = [:]
        var count = 0
        for (position, node) in graph.nodes.enumerated() {
            guard let result = graph.byteQuantization(node) else { continue }
            let chain = chain(before: position, index, graph)
            guard let source = index.bytes(of: graph.nodes[chain.first ?? position].input(0), graph) else { continue }
            if chain.isEmpty, graph.haveEqualParameters(source, result), !index.uses.isGraphOutput(result.value) {
                replaced[result.value] = replaced[source.value] ?? source.value
                nodes[position] = nil
            } else {
                guard let table = table(chain.map { graph.nodes[$0] }, from: source, to: result, graph) else { continue }
                let constant = graph.addConstant(name: node.name + ".table", table)
                nodes[position] = Node(
                    name: node.name, op: ByteFunction(target: result.type), inputs: [source.value, constant], outputs: node.outputs)
                for step in chain { nodes[step] = nil }
            }
            count += 1
        }
        guard count > 0 else { return 0 }
        graph.nodes = nodes.compactMap(\.self).map { node in
            var node = node
            node.inputs = node.inputs.map { $0.map { replaced[$0] ?? $0 } }
            node.captures = node.captures.map { replaced[$0] ?? $0 }
            return node
        }
        return count
    }

    /// The functions of one number whose last result the node at `position` alone reads, the first one first.
    private func chain(before position: Int, _ index: QuantizationIndex, _ graph: Graph) -> [Int] {
        var chain: [Int] = [], reader = position
        while let producer = index.ownProducer(of: graph.nodes[reader].input(0), for: reader), isFunction(graph.nodes[producer], graph) {
            chain.append(producer)
            reader = producer
        }
        return chain.reversed()
    }

    private func isFunction(_ node: Node, _ graph: Graph) -> Bool {
        guard node.outputs.count == 1, node.op is Unary || node.op is any FusableActivation else { return false }
        return node.inputs.dropFirst().allSatisfy { $0.map { graph[$0].fact.constant != nil } ?? true }
    }

    /// What each byte becomes; nil where scales and zero points are not known or the functions refuse.
    private func table(_ chain: [Node], from source: QuantizedValue, to result: QuantizedValue, _ graph: Graph) -> Tensor? {
        guard let (scale, zero) = graph.parameters(source), let (resultScale, resultZero) = graph.parameters(result) else { return nil }
        let bytes = UInt8.min...UInt8.max
        let integers = bytes.map { source.type == .int8 ? Int32(Int8(bitPattern: $0)) : Int32($0) }
        var values = Tensor(integers.map { Float($0 &- zero) * scale }, shape: [ByteTable.byteCount])
        for node in chain {
            let inputs = [values] + node.inputs.dropFirst().map { $0.flatMap { graph[$0].fact.constant } }
            guard case .success(let results) = computed(node, inputs), results[0].elementType == .float32,
                results[0].elementCount == ByteTable.byteCount
            else { return nil }
            values = results[0]
        }
        let rounding = LinearRounding(isSigned: result.type == .int8, zero: resultZero)
        let entries = values.values(Float.self).map { UInt8(truncatingIfNeeded: rounding.integer($0 / resultScale)) }
        return Tensor(entries, shape: [ByteTable.byteCount])
    }

    private func computed(_ node: Node, _ inputs: [Tensor?]) -> Result<[Tensor], OperatorError> {
        Result { () throws(OperatorError) in try node.op.computed(inputs, outputCount: 1, kernels: nil, allowance: nil) }
    }
}
