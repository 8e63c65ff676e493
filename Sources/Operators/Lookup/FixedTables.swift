import GraphIR

/// Finds in tables that are filled once, when the model is initialised, have no effect: what they give follows from the keys.
///
/// Batches can then run through them, and equal ones are merged. Graphs that fill tables themselves stay as they are.
struct FixedTables: GraphPass {
    let name = "fixed-tables"

    func run(on graph: inout Graph) throws(NodeError) -> Int {
        guard !graph.nodes.contains(where: { $0.effects.contains(.writesResource) && $0.op is TableOperator }) else { return 0 }
        let producers = GraphUses(graph).producers
        var count = 0
        for position in graph.nodes.indices {
            guard let find = graph.nodes[position].op as? LookupTableFind, find.readsChanges,
                let handle = graph.nodes[position].inputs.first ?? nil, let maker = producers[handle.index],
                let table = graph.nodes[maker].op as? TableHandle, table.kind == .fixed, table.effects.isEmpty
            else { continue }
            graph.nodes[position].op = LookupTableFind(readsChanges: false)
            count += 1
        }
        return count
    }
}
