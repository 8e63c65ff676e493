import GraphIR
import Tensors

/// One sweep over a graph that joins nodes with the only readers of their results.
enum FusionSweep {
    /// A node and the one node that reads its result.
    struct Pair {
        let producer: Node
        let consumer: Node
        /// What the consumer reads of the producer.
        let value: ValueID
    }

    /// Offers every pair to `fuse`; what it returns takes the consumer's place and its outputs, and the producer goes.
    ///
    /// A node takes part in one fusion of a sweep at most. Standing where the consumer stood, the new node may read whatever
    /// either of them read.
    static func run(on graph: inout Graph, _ fuse: (Pair, inout Graph) throws(OperatorError) -> Node?) throws(NodeError) -> Int {
        let uses = GraphUses(graph)
        var nodes: [Node?] = graph.nodes
        var isTaken = [Bool](repeating: false, count: nodes.count)
        for (position, producer) in graph.nodes.enumerated() {
            guard !isTaken[position], producer.outputs.count == 1, producer.subgraphs.isEmpty, producer.op.effects.isEmpty,
                let reader = uses.soleConsumer(of: producer.outputs[0]), !isTaken[reader], graph.nodes[reader].subgraphs.isEmpty,
                graph.nodes[reader].op.effects.isEmpty
            else { continue }
            let pair = Pair(producer: producer, consumer: graph.nodes[reader], value: producer.outputs[0])
            let fused: Node?
            do { fused = try fuse(pair, &graph) } catch { throw NodeError(producer, error) }
            guard let fused else { continue }
            nodes[reader] = fused
            nodes[position] = nil
            isTaken[reader] = true
        }
        defer { graph.nodes = nodes.compactMap(\.self) }
        return nodes.count { $0 == nil }
    }
}

extension FusionSweep.Pair {
    /// What the consumer adds to the producer's result; nil unless it is a plain addition.
    var addend: ValueID? {
        guard consumer.inputs.count == 2, consumer.op.addsWithBroadcast else { return nil }
        return consumer.inputs[0] == value ? consumer.inputs[1] : consumer.inputs[0]
    }

    /// The producer with another operator and other inputs, giving what the consumer gave.
    func fused(_ op: any Operator, inputs: [ValueID?]) -> Node {
        Node(name: producer.name, op: op, inputs: inputs, outputs: consumer.outputs)
    }
}

extension Operator {
    /// Whether the operator adds its operands up as NumPy does.
    fileprivate var addsWithBroadcast: Bool {
        if let addition = self as? Arithmetic, addition.function == .add, case .multidirectional = addition.rule { return true }
        return (self as? Variadic)?.function == .sum
    }
}

extension Node {
    /// The input at `index`, nil when it is absent.
    func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

    /// The inputs with one put in, absent ones before it where there are too few.
    func inputs(putting value: ValueID, at index: Int) -> [ValueID?] {
        var result = inputs + [ValueID?](repeating: nil, count: max(index + 1 - inputs.count, 0))
        result[index] = value
        return result
    }
}

extension Graph {
    /// The contents of a constant float32 value.
    func floats(_ value: ValueID?) -> [Float]? {
        guard let tensor = value.flatMap({ self[$0].fact.constant }), tensor.elementType == .float32 else { return nil }
        return tensor.values(Float.self)
    }

    func facts(of node: Node) -> OperatorInputs {
        OperatorInputs(node.inputs.map { $0.map { self[$0].fact } }, outputCount: node.outputs.count)
    }
}
