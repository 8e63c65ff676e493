import GraphIR

/// Keeps of a graph what is needed to make some outputs from some inputs.
///
/// Any value can be an input, also one in the middle of the graph: it is cut there, and nodes that only lead to it are dropped.
struct Pruning {
    private let graph: SourceGraph
    private let context: ImportContext
    /// What error messages call the request: `signature "serving_default"`.
    private let place: String
    private let fed: Set<String>
    private let inputs: [SourceValue]
    private var makers: [String: Int] = [:]
    private var positions: [String: Int] = [:]
    private let constants: Set<String>
    private let graphInputs: Set<String>

    private var neededNodes: Set<Int> = []
    private var neededConstants: Set<String> = []
    private var waiting: [Int] = []

    /// `graph` with exactly `inputs` and `outputs`, in order, and of its nodes only those that outputs or `targets` depend on, by
    /// what they read or by what they wait for.
    ///
    /// - Parameter targets: names of nodes to keep though nothing reads their outputs.
    /// - Throws: `.malformed` for names that the graph does not have and for graph inputs that are needed but not among `inputs`.
    static func prune(
        _ graph: SourceGraph, inputs: [SourceValue], outputs: [SourceValue], targets: [String] = [], place: String,
        context: ImportContext
    ) throws(ImportError) -> SourceGraph {
        var pruning = try Pruning(graph, inputs: inputs, place: place, context: context)
        for output in outputs { try pruning.need(output.name, by: "output \"\(output.name)\" of \(place)") }
        for target in targets { try pruning.need(node: target, by: place) }
        try pruning.walk()
        return pruning.result(outputs: outputs)
    }

    private init(_ graph: SourceGraph, inputs: [SourceValue], place: String, context: ImportContext) throws(ImportError) {
        self.graph = graph
        self.context = context
        self.place = place
        self.inputs = inputs
        var fed: Set<String> = []
        for input in inputs where !fed.insert(input.name).inserted {
            throw context.malformed(place, "feeds the value \"\(input.name)\" twice")
        }
        self.fed = fed
        constants = Set(graph.initializers.map(\.name))
        graphInputs = Set(graph.inputs.map(\.name))
        for (index, node) in graph.nodes.enumerated() {
            for output in node.outputs where !output.isEmpty { makers[output] = index }
            positions[node.name] = index
        }
        for name in fed.sorted() where makers[name] == nil && !constants.contains(name) && !graphInputs.contains(name) {
            throw context.malformed(place, "feeds the value \"\(name)\", which the model does not have")
        }
    }

    private mutating func need(_ name: String, by reader: String) throws(ImportError) {
        if fed.contains(name) { return }
        if let maker = makers[name] {
            need(maker)
        } else if constants.contains(name) {
            neededConstants.insert(name)
        } else if graphInputs.contains(name) {
            throw context.malformed(reader, "needs the model's input \"\(name)\", which \(place) does not feed")
        } else {
            throw context.malformed(reader, "reads \"\(name)\", which no input, constant or node of the model makes")
        }
    }

    private mutating func need(node name: String, by reader: String) throws(ImportError) {
        guard let position = positions[name] else {
            throw context.malformed(reader, "waits for the node \"\(name)\", which the model does not have")
        }
        need(position)
    }

    private mutating func need(_ position: Int) {
        if neededNodes.insert(position).inserted { waiting.append(position) }
    }

    private mutating func walk() throws(ImportError) {
        while let position = waiting.popLast() {
            let node = graph.nodes[position]
            for name in node.readNames { try need(name, by: node.place) }
            for name in node.controls { try need(node: name, by: node.place) }
        }
    }

    private func result(outputs: [SourceValue]) -> SourceGraph {
        var result = graph
        result.inputs = inputs
        result.outputs = outputs
        result.initializers = graph.initializers.filter { neededConstants.contains($0.name) }
        result.nodes = neededNodes.sorted().map { position in
            var node = graph.nodes[position]
            // A value that is fed is not made: the node is kept for its other outputs.
            node.outputs = node.outputs.map { fed.contains($0) ? "" : $0 }
            return node
        }
        return result
    }
}
