import GraphIR

/// Replaces a call of a function that the model defines (`ModelProto.functions`) by the function's nodes.
extension GraphBuilder {
    /// The nodes of `function` for the call `node`, with names bound to those at the call.
    ///
    /// - Returns: nodes in the body's order, functions called by it replaced in turn.
    func inline(
        _ function: ONNX.Function, calledBy node: ONNX.Node, attributes: [String: BoundAttribute], in scope: NameScope,
        depth: Int, place: String
    ) throws(ImportError) -> [BuiltNode] {
        let key = FunctionKey(function)
        guard !scope.calls.contains(key) else {
            let chain = (scope.calls + [key]).map(\.description).joined(separator: " → ")
            throw session.malformed(place, "calls a function that calls itself: \(chain)")
        }
        try session.check(place, "functions inside one another", scope.calls.count + 1, atMost: session.limits.functionDepth)
        guard node.inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
            throw session.malformed(
                place,
                "passes \(node.inputs.count) inputs and \(node.outputs.count) outputs; the function has \(function.inputs.count) and \(function.outputs.count)"
            )
        }

        inlinedCalls += 1
        let prefix = "\(function.name)#\(inlinedCalls)/"
        var bindings: [String: String] = [:]
        for (index, formal) in function.inputs.enumerated() {
            bindings[formal] = index < node.inputs.count ? scope.resolve(node.inputs[index]) : ""
        }
        // An output that nobody asked for keeps a name of its own; one that is an input, or listed twice, is copied.
        var copies: [(from: String, to: String)] = []
        for (formal, actual) in zip(function.outputs, node.outputs) where !actual.isEmpty {
            if let bound = bindings[formal] {
                copies.append((bound, scope.resolve(actual)))
            } else {
                bindings[formal] = scope.resolve(actual)
            }
        }

        let body = NameScope(
            opsets: function.opsetImports.isEmpty ? scope.opsets : OpsetTable(function.opsetImports),
            calls: scope.calls + [key], prefix: prefix, bindings: bindings,
            attributes: try bound(function, attributes, in: scope, depth: depth, place: place))
        var nodes: [BuiltNode] = []
        for (index, inner) in function.nodes.enumerated() {
            nodes += try built(inner, index: index, in: body, depth: depth, namePrefix: prefix)
        }
        for (index, copy) in copies.enumerated() {
            guard !copy.from.isEmpty else {
                throw session.malformed(place, "asks for an output of the function that is an input the call leaves out")
            }
            try session.countNode()
            nodes.append(BuiltNode(identity(copy.from, copy.to, name: "\(prefix)output\(index)", opsets: body.opsets)))
        }
        return nodes
    }

    /// The function's attributes: what the call gives, else the function's defaults.
    private func bound(
        _ function: ONNX.Function, _ given: [String: BoundAttribute], in scope: NameScope, depth: Int, place: String
    ) throws(ImportError) -> [String: BoundAttribute] {
        var result = given
        for proto in function.defaults where result[proto.name] == nil {
            result[proto.name] = try attribute(proto, in: NameScope(opsets: scope.opsets), depth: depth, place: place)
        }
        return result
    }

    private func identity(_ input: String, _ output: String, name: String, opsets: OpsetTable) -> SourceNode {
        SourceNode(name: name, operatorName: "Identity", version: opsets[""] ?? 1, inputs: [input], outputs: [output])
    }
}
