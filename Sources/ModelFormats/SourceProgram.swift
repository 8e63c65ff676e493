import GraphIR

/// A graph with the functions that it calls, of which graphs to run are cut.
struct SourceProgram: Sendable {
    /// Its initialisers are the model's constants: every graph made of this one holds the same storage.
    let graph: SourceGraph
    let functions: [SourceFunction]
    let context: ImportContext
    /// nil for a format without variables.
    var variables: SavedModelVariables?

    init(graph: SourceGraph, functions: [SourceFunction] = [], context: ImportContext, variables: SavedModelVariables? = nil) {
        self.graph = graph
        self.functions = functions
        self.context = context
        self.variables = variables
    }

    /// What runs to make some outputs from some inputs: no node is a call, variables that nothing changes are constants.
    ///
    /// - Parameters:
    ///   - targets: names of nodes to run for what they do.
    ///   - place: what error messages call the request.
    func graph(
        inputs: [SourceValue], outputs: [SourceValue], targets: [String] = [], place: String
    ) throws(ImportError) -> SourceGraph {
        let unbound = try unboundGraph(inputs: inputs, outputs: outputs, targets: targets, place: place)
        guard let variables else { return unbound }
        return try VariableBinding.bind(unbound, to: variables)
    }

    /// The same, with variables as they are.
    func unboundGraph(
        inputs: [SourceValue], outputs: [SourceValue], targets: [String] = [], place: String
    ) throws(ImportError) -> SourceGraph {
        let reached = try Pruning.prune(
            graph, inputs: inputs, outputs: outputs, targets: targets, place: place, context: context)
        guard !functions.isEmpty || graph.dialect == .tensorFlow else { return reached }
        let table = Dictionary(functions.map { ($0.name, $0) }) { first, _ in first }
        let inlined = try FunctionInlining.inline(table, in: reached, targets: targets, context: context)
        let lifted =
            graph.dialect == .tensorFlow ? try ControlFlowLifting.lift(inlined.graph, context: context) : inlined.graph
        return try Pruning.prune(
            lifted, inputs: inputs, outputs: outputs, targets: inlined.targets, place: place, context: context)
    }
}
