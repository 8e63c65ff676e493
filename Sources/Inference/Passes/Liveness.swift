import GraphIR

/// Which nodes have a purpose.
enum Liveness {
    /// The nodes, in order, whose outputs are read on the way to `outputs`, and those that must run for their effects.
    static func needed(_ nodes: [Node], for outputs: [ValueID], valueCount: Int) -> [Node] {
        var isNeeded = [Bool](repeating: false, count: valueCount)
        for output in outputs { isNeeded[output.index] = true }
        var needed: [Node] = []
        for node in nodes.reversed() where node.effects.isRequired || node.outputs.contains(where: { isNeeded[$0.index] }) {
            for value in node.dependencies { isNeeded[value.index] = true }
            needed.append(node)
        }
        return needed.reversed()
    }
}
