/// Who makes and who reads each value: an index over a graph that passes consult and rebuild after changes.
package struct GraphUses: Sendable {
    /// The node that makes the value; nil for inputs and constants.
    package let producers: [Int?]
    /// Nodes that read the value, in order, once per use.
    package let consumers: [[Int]]
    private let outputs: Set<ValueID>

    package init(_ graph: Graph) {
        var producers = [Int?](repeating: nil, count: graph.values.count)
        var consumers = [[Int]](repeating: [], count: graph.values.count)
        for (position, node) in graph.nodes.enumerated() {
            for input in node.dependencies { consumers[input.index].append(position) }
            for output in node.outputs { producers[output.index] = position }
        }
        self.producers = producers
        self.consumers = consumers
        outputs = Set(graph.outputs)
    }

    package func isGraphOutput(_ value: ValueID) -> Bool { outputs.contains(value) }

    /// The only node that reads `value`; nil when it is read twice or is an output of the graph.
    package func soleConsumer(of value: ValueID) -> Int? {
        consumers[value.index].count == 1 && !isGraphOutput(value) ? consumers[value.index].first : nil
    }
}
