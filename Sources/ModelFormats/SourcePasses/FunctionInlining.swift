import GraphIR

/// Replaces calls of a model's functions by the functions' nodes, and functions in attributes by graphs.
///
/// Nodes of a call take its place, so that an order in which nodes can run stays one. Nodes and calls are counted while they are
/// made: a small file can expand to any number of them.
struct FunctionInlining {
    private let functions: [FunctionName: SourceFunction]
    private let context: ImportContext
    /// First parts of names in the model's own graph, up to a slash.
    private let takenPrefixes: Set<String>
    /// Whether any node waits for another by name, or is a target.
    private var hasControls: Bool
    private var nodeCount = 0
    private var callCount = 0

    /// `graph` without calls; nested ones are replaced as well.
    ///
    /// - Parameter targets: names of nodes of the graph.
    /// - Returns: the graph, and the nodes that stand for `targets` in it.
    /// - Throws: `.malformed` for a function that calls itself and for calls that do not fit the function; `.limitExceeded` for
    ///   more nodes, or a deeper nesting, than the limits allow.
    static func inline(
        _ functions: [FunctionName: SourceFunction], in graph: SourceGraph, targets: [String] = [], context: ImportContext
    ) throws(ImportError) -> (graph: SourceGraph, targets: [String]) {
        guard !functions.isEmpty else { return (graph, targets) }
        var inlining = FunctionInlining(functions, graph, context)
        if !targets.isEmpty { inlining.hasControls = true }
        let scope = InliningScope()
        let expansion = try inlining.expand(graph, in: scope)
        return (expansion.graph, targets.flatMap { expansion.completion(of: $0, in: scope) })
    }

    private init(_ functions: [FunctionName: SourceFunction], _ graph: SourceGraph, _ context: ImportContext) {
        self.functions = functions
        self.context = context
        takenPrefixes = graph.namePrefixes
        hasControls = ([graph] + functions.values.map(\.body)).contains { $0.nodes.contains { !$0.controls.isEmpty } }
    }

    /// A graph whose calls are replaced.
    private struct Expansion {
        var graph: SourceGraph
        /// Nodes that stand for a call where others wait for it, by the call's name in the original graph.
        var completions: [String: [String]] = [:]

        func completion(of node: String, in scope: InliningScope) -> [String] { completions[node] ?? [scope.node(node)] }
    }

    /// - Parameter controls: what nodes wait for that depend on nothing in the graph.
    private mutating func expand(
        _ graph: SourceGraph, in scope: InliningScope, controls: [String] = []
    ) throws(ImportError) -> Expansion {
        var expansion = Expansion(graph: graph)
        expansion.graph.nodes = []
        expansion.graph.inputs = graph.inputs.map(scope.value)
        expansion.graph.outputs = graph.outputs.map(scope.value)
        expansion.graph.initializers = graph.initializers.map { (scope.value($0.name), $0.value) }
        expansion.graph.valueTypes = Dictionary(graph.valueTypes.map { (scope.value($0.key), $0.value) }) { first, _ in first }
        let made = controls.isEmpty ? [] : Set(graph.nodes.flatMap(\.outputs))
        for node in graph.nodes {
            try count(1)
            var renamed = node
            renamed.name = scope.node(node.name)
            renamed.inputs = node.inputs.map(scope.value)
            renamed.outputs = node.outputs.map(scope.value)
            renamed.attributes = try attributes(of: node, in: scope)
            renamed.controls = node.controls.flatMap { expansion.completion(of: $0, in: scope) }
            if !controls.isEmpty, node.controls.isEmpty, made.isDisjoint(with: node.readNames) { renamed.controls = controls }
            if let function = functions[FunctionName(domain: node.domain, name: node.operatorName)] {
                expansion.completions[node.name] = try call(function, by: renamed, in: scope, into: &expansion.graph)
            } else {
                expansion.graph.nodes.append(renamed)
            }
        }
        return expansion
    }

    private mutating func count(_ nodes: Int) throws(ImportError) {
        nodeCount += nodes
        try context.check("the model", "nodes", nodeCount, atMost: context.limits.nodeCount)
    }

    // MARK: Calls

    /// Appends the nodes of `function` to `graph` for the call `node`, whose names are those of `graph`.
    ///
    /// - Returns: names of the nodes to wait for instead of the call.
    private mutating func call(
        _ function: SourceFunction, by node: SourceNode, in scope: InliningScope, into graph: inout SourceGraph
    ) throws(ImportError) -> [String] {
        let body = function.body
        guard node.inputs.count <= body.inputs.count, node.outputs.count <= body.outputs.count else {
            throw context.malformed(
                node.place,
                "passes \(node.inputs.count) inputs and \(node.outputs.count) outputs; the function has \(body.inputs.count) and \(body.outputs.count)"
            )
        }
        var inner = try enter(function, attributes: node.attributes, from: scope, place: node.place)
        let copies = bind(function, to: node, in: &inner)
        let expansion = try expand(body, in: inner, controls: node.controls)
        graph.initializers += expansion.graph.initializers
        let finished = function.controlOutputs.flatMap { expansion.completion(of: $0, in: inner) }
        var nodes = expansion.graph.nodes
        for (index, copy) in copies.enumerated() {
            let source = inner.value(copy.from)
            guard !source.isEmpty else {
                throw context.malformed(node.place, "reads an output of the function that is an input the call leaves out")
            }
            try count(1)
            nodes.append(
                SourceNode(
                    name: inner.node("#output\(index)"), operatorName: "Identity", version: function.version, inputs: [source],
                    outputs: [copy.to], controls: finished.isEmpty ? node.controls : finished))
        }
        graph.nodes += nodes
        if !finished.isEmpty || !hasControls { return finished }
        let outputs = Set(body.outputs.map { inner.value($0.name) } + copies.map(\.to))
        return node.controls + nodes.filter { !outputs.isDisjoint(with: $0.outputs) }.map(\.name)
    }

    /// The scope of a function's body, with names of its own.
    private mutating func enter(
        _ function: SourceFunction, attributes: [String: Attribute], from scope: InliningScope, place: String
    ) throws(ImportError) -> InliningScope {
        guard !scope.calls.contains(function.name) else {
            let chain = (scope.calls + [function.name]).map(\.description).joined(separator: " → ")
            throw context.malformed(place, "calls a function that calls itself: \(chain)")
        }
        try context.check(place, "functions inside one another", scope.calls.count + 1, atMost: context.limits.functionDepth)
        // Prefixes end at the first slash.
        let name = String(function.name.name.map { $0 == "/" ? "_" : $0 })
        repeat { callCount += 1 } while takenPrefixes.contains("\(name)#\(callCount)")
        return InliningScope(
            calls: scope.calls + [function.name], depth: scope.depth, prefix: "\(name)#\(callCount)/",
            attributes: attributes.merging(function.defaults) { given, _ in given })
    }

    /// Binds a function's inputs and outputs to the names at the call.
    ///
    /// - Returns: outputs to copy: those that are an input or listed twice, and all where the function does something beside making
    ///   them, for which a reader of any of them must wait. An output that nothing reads keeps a name of its own.
    private func bind(
        _ function: SourceFunction, to node: SourceNode, in scope: inout InliningScope
    ) -> [(from: String, to: String)] {
        for (index, formal) in function.body.inputs.enumerated() {
            scope.bindings[formal.name] = index < node.inputs.count ? node.inputs[index] : ""
        }
        var copies: [(from: String, to: String)] = []
        for (formal, actual) in zip(function.body.outputs, node.outputs) where !actual.isEmpty {
            if !function.controlOutputs.isEmpty || scope.bindings[formal.name] != nil {
                copies.append((formal.name, actual))
            } else {
                scope.bindings[formal.name] = actual
            }
        }
        return copies
    }

    // MARK: Attributes

    private mutating func attributes(of node: SourceNode, in scope: InliningScope) throws(ImportError) -> [String: Attribute] {
        var result: [String: Attribute] = [:]
        for (name, attribute) in node.attributes {
            result[name] = try self.attribute(attribute, in: scope, place: "\(node.place), attribute \"\(name)\"")
        }
        return result
    }

    /// - Returns: nil where a reference is to an attribute that the call leaves out and that has no default.
    private mutating func attribute(
        _ attribute: Attribute, in scope: InliningScope, place: String
    ) throws(ImportError) -> Attribute? {
        switch attribute {
        case .reference(let name): return try given(name, in: scope, place: place)
        case .graph(let graph): return .graph(try subgraph(graph, in: scope, place: place))
        case .graphs(let graphs):
            var list: [SourceGraph] = []
            for graph in graphs { list.append(try subgraph(graph, in: scope, place: place)) }
            return .graphs(list)
        case .function(let reference): return .graph(try graph(reference, in: scope, place: place))
        case .functions(let references):
            var list: [SourceGraph] = []
            for reference in references { list.append(try graph(reference, in: scope, place: place)) }
            return .graphs(list)
        default: return attribute
        }
    }

    private mutating func given(_ name: String, in scope: InliningScope, place: String) throws(ImportError) -> Attribute? {
        guard let value = scope.attributes[name] else { return nil }
        // Graphs of the caller come in once for every reference.
        for extent in value.subgraphs.map(\.extent) {
            try count(extent.nodeCount)
            try checkDepth(scope.depth + extent.depth, place)
        }
        return value
    }

    private mutating func subgraph(_ graph: SourceGraph, in scope: InliningScope, place: String) throws(ImportError) -> SourceGraph {
        try checkDepth(scope.depth + 1, place)
        return try expand(graph, in: scope.inside(graph)).graph
    }

    /// The function that an attribute names, as a graph that reads nothing from around it.
    private mutating func graph(
        _ reference: FunctionReference, in scope: InliningScope, place: String
    ) throws(ImportError) -> SourceGraph {
        let name = FunctionName(domain: reference.domain, name: reference.name)
        guard let function = functions[name] else {
            throw context.malformed(place, "names the function \"\(name)\", which the model does not define")
        }
        var given: [String: Attribute] = [:]
        for (name, value) in reference.attributes { given[name] = try attribute(value, in: scope, place: place) }
        var inner = try enter(function, attributes: given, from: scope, place: place)
        inner.depth += 1
        try checkDepth(inner.depth, place)
        let body = try Pruning.prune(
            function.body, inputs: function.body.inputs, outputs: function.body.outputs, targets: function.controlOutputs,
            place: "function \"\(name)\"", context: context)
        return try expand(body, in: inner).graph
    }

    private func checkDepth(_ depth: Int, _ place: String) throws(ImportError) {
        try context.check(place, "graphs inside one another", depth, atMost: context.limits.subgraphDepth)
    }
}

extension SourceGraph {
    /// The part before the first slash of every name in the graph and its subgraphs that has one.
    fileprivate var namePrefixes: Set<String> {
        var prefixes: Set<String> = []
        func note(_ name: String) { if let slash = name.firstIndex(of: "/") { prefixes.insert(String(name[..<slash])) } }
        madeNames.forEach(note)
        for node in nodes {
            note(node.name)
            for graph in node.subgraphs { prefixes.formUnion(graph.namePrefixes) }
        }
        return prefixes
    }
}
