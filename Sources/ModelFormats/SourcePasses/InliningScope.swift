import GraphIR

/// What names and attributes of a graph mean while calls in it are replaced: in the model's own graph themselves, in the body of a
/// function what the call binds them to.
struct InliningScope {
    /// The function whose body this is, with the calls around it; empty in the model's own graph.
    var calls: [FunctionName] = []
    /// Graphs around this one, through attributes of nodes.
    var depth = 0
    /// Put before the names that a body makes, so that two calls do not collide; empty in the model's own graph.
    var prefix = ""
    /// A function's inputs and outputs, to the names at the call.
    var bindings: [String: String] = [:]
    /// The values of a function's attributes.
    var attributes: [String: Attribute] = [:]

    /// The name in the resulting graph of the value that this scope calls `name`; an omitted value stays empty.
    func value(_ name: String) -> String {
        name.isEmpty || prefix.isEmpty ? name : bindings[name] ?? prefix + name
    }

    func node(_ name: String) -> String { prefix + name }

    func value(_ declared: SourceValue) -> SourceValue { SourceValue(name: value(declared.name), type: declared.type) }

    /// The scope inside a graph of one of the nodes: names that it makes itself are not those at the call.
    func inside(_ graph: SourceGraph) -> InliningScope {
        var scope = self
        scope.depth += 1
        if !bindings.isEmpty {
            let own = graph.madeNames
            scope.bindings = bindings.filter { !own.contains($0.key) }
        }
        return scope
    }
}
