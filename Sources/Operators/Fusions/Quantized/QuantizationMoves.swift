package import GraphIR
import Tensors

/// Operators that only move elements, between quantization and what it is for → the same on integers: a DequantizeLinear moves behind
/// them, a QuantizeLinear before them, so that they come to stand beside what can be computed in integers.
package struct QuantizationMoves: GraphPass {
    package let name = "quantization-moves"
    package init() {}

    /// Whole bytes, which every mover takes.
    private static let movedTypes: Set<ElementType> = [.int8, .uint8, .int16, .uint16]

    package func run(on graph: inout Graph) -> Int { moveDequantization(in: &graph) + moveQuantization(in: &graph) }

    /// M(D(x)) → D(M(x))
    private func moveDequantization(in graph: inout Graph) -> Int {
        var dequantizers: [ValueID: Node] = [:]
        var nodes: [Node] = []
        var count = 0
        for node in graph.nodes {
            if let dequantizer = node.inputs.first.flatMap({ $0 }).flatMap({ dequantizers[$0] }), isMover(node),
                let moved = moved(node, behind: dequantizer, &graph)
            {
                nodes += moved
                for after in moved.dropFirst() { dequantizers[after.outputs[0]] = after }
                count += 1
                continue
            }
            if node.op is DequantizeLinear, node.outputs.count == 1 { dequantizers[node.outputs[0]] = node }
            nodes.append(node)
        }
        graph.nodes = nodes
        return count
    }

    /// The mover on integers, then the dequantization of each of its outputs.
    private func moved(_ node: Node, behind dequantizer: Node, _ graph: inout Graph) -> [Node]? {
        guard let source = graph.quantization(of: dequantizer, integers: dequantizer.input(0)),
            Self.movedTypes.contains(source.type), var op = dequantizer.op as? DequantizeLinear
        else { return nil }
        if let axis = source.axis {
            // Slices with scales of their own follow their axis.
            guard let order = (node.op as? Transpose)?.permutation, let place = order.firstIndex(of: axis) else { return nil }
            op.rule.axis = place
        }
        guard source.isByte || !(node.op is MaxPool) else { return nil }
        let integers = node.outputs.map { output in
            graph.addValue(name: graph[output].name + ".integers", fact: ValueFact(source.type, graph[output].fact.shape))
        }
        let mover = Node(name: node.name, op: node.op, inputs: [source.value] + node.inputs.dropFirst(), outputs: integers)
        let after = zip(integers, node.outputs).map { integers, output in
            Node(name: dequantizer.name, op: op, inputs: [integers] + dequantizer.inputs.dropFirst(), outputs: [output])
        }
        return [mover] + after
    }

    /// Q(M(y)) → M(Q(y)), where nobody else reads what M makes.
    private func moveQuantization(in graph: inout Graph) -> Int {
        let index = QuantizationIndex(graph)
        var waiting: [ValueID: Node] = [:]
        var reversed: [Node] = []
        var count = 0
        for node in graph.nodes.reversed() {
            if let result = graph.byteQuantization(node), let x = node.input(0), index.source(of: x, graph) == nil,
                graph.parameters(result).map({ $0.scale > 0 }) ?? false, index.uses.consumers[x.index].count == 1,
                !index.uses.isGraphOutput(x), let producer = index.uses.producers[x.index], keepsCount(graph.nodes[producer])
            {
                waiting[x] = node
                continue
            }
            guard node.outputs.count == 1, let quantizer = waiting.removeValue(forKey: node.outputs[0]), let data = node.input(0) else {
                reversed.append(node)
                continue
            }
            count += 1
            let type = graph[quantizer.outputs[0]].fact.elementType
            let integers = graph.addValue(name: graph[data].name + ".integers", fact: ValueFact(type, graph[data].fact.shape))
            let before = Node(name: quantizer.name, op: quantizer.op, inputs: [data] + quantizer.inputs.dropFirst(), outputs: [integers])
            reversed.append(Node(name: node.name, op: node.op, inputs: [integers] + node.inputs.dropFirst(), outputs: quantizer.outputs))
            if let producer = index.uses.producers[data.index], index.uses.soleConsumer(of: data) != nil, keepsCount(graph.nodes[producer])
            {
                waiting[data] = before
            } else {
                reversed.append(before)
            }
        }
        if count > 0 { graph.nodes = reversed.reversed() }
        return count
    }

    /// Whether the operator moves, drops and repeats elements of input 0, or picks the largest, and does nothing else.
    private func isMover(_ node: Node) -> Bool {
        switch node.op {
        case is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Identity, is SliceOperator, is Split, is Gather, is Expand, is Tile,
            is DepthSpace:
            true
        case let transposition as Transpose: !transposition.conjugates
        case is MaxPool: node.outputs.count == 1
        default: false
        }
    }

    /// Whether the operator is a mover that gives about as many elements as it takes.
    private func keepsCount(_ node: Node) -> Bool {
        guard node.outputs.count == 1 else { return false }
        switch node.op {
        case is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Identity, is Transpose, is MaxPool, is DepthSpace: return isMover(node)
        default: return false
        }
    }
}
