import GraphIR

/// Rewrites TensorFlow 1's reference variables as resource variables, which the engine knows.
///
/// A reference is a variable that looks like a tensor: whoever reads it gets what the variable holds when the reader runs. So every
/// reader gets a `ReadVariableOp` of its own, which waits for what the reader waits for. Operators that change a reference become
/// those that change a resource; their output is the reference again, as it is after them.
struct ReferenceVariables {
    /// A value that is a reference.
    private struct Reference {
        let handle: String
        /// Nodes that have changed the variable by then.
        let changes: [String]
    }

    private static let variables: Set<String> = ["VariableV2", "Variable"]
    /// Operators whose first input is a reference that they change, by their forms for resources.
    private static let changes: [String: String] = [
        "Assign": "AssignVariableOp", "AssignAdd": "AssignAddVariableOp", "AssignSub": "AssignSubVariableOp",
        "ScatterAdd": "ResourceScatterAdd", "ScatterSub": "ResourceScatterSub", "ScatterMul": "ResourceScatterMul",
        "ScatterDiv": "ResourceScatterDiv", "ScatterMin": "ResourceScatterMin", "ScatterMax": "ResourceScatterMax",
        "ScatterUpdate": "ResourceScatterUpdate", "ScatterNdAdd": "ResourceScatterNdAdd", "ScatterNdSub": "ResourceScatterNdSub",
        "ScatterNdMin": "ResourceScatterNdMin", "ScatterNdMax": "ResourceScatterNdMax", "ScatterNdUpdate": "ResourceScatterNdUpdate",
        "StridedSliceAssign": "ResourceStridedSliceAssign",
    ]
    /// The attribute that says what a resource holds, where the reference's form calls it `T`.
    private static let typeAttributes = ["AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"]

    private var references: [String: Reference] = [:]
    private var result: [SourceNode] = []

    /// - Parameters:
    ///   - nodes: in an order in which they can run.
    ///   - outputs: values that are read from outside of the graph: of those that are references the contents are made, under
    ///     the same name.
    static func rewrite(_ nodes: [SourceNode], outputs: Set<String>) -> [SourceNode] {
        guard nodes.contains(where: { variables.contains($0.operatorName) }) else { return nodes }
        return rewrite(nodes, outputs: outputs, references: [:])
    }

    /// - Parameter references: those of the graphs around this one.
    private static func rewrite(
        _ nodes: [SourceNode], outputs: Set<String>, references: [String: Reference]
    ) -> [SourceNode] {
        var rewriting = ReferenceVariables(references: references)
        for node in nodes { rewriting.add(node) }
        for output in outputs.sorted() { rewriting.read(output) }
        return rewriting.result
    }

    private init(references: [String: Reference]) { self.references = references }

    /// A graph inside a node reads the references of the graphs around it; the node waits for what has changed them.
    private func rewrite(_ graph: SourceGraph) -> SourceGraph {
        var graph = graph
        graph.nodes = Self.rewrite(
            graph.nodes, outputs: Set(graph.outputs.map(\.name)), references: references.mapValues { Reference(handle: $0.handle, changes: []) })
        return graph
    }

    private mutating func add(_ node: SourceNode) {
        var node = node
        if !node.subgraphs.isEmpty {
            node.controls += Set(node.readNames).sorted().flatMap { references[$0]?.changes ?? [] }
            for (name, attribute) in node.attributes {
                switch attribute {
                case .graph(let graph): node.attributes[name] = .graph(rewrite(graph))
                case .graphs(let graphs): node.attributes[name] = .graphs(graphs.map(rewrite))
                default: break
                }
            }
        }
        if Self.variables.contains(node.operatorName) { return add(variable: node) }
        if let first = node.inputs.first, let reference = references[first] {
            if let name = Self.changes[node.operatorName] { return add(change: node, name, of: reference) }
            if node.operatorName == "IsVariableInitialized" {
                node.operatorName = "VarIsInitializedOp"
                node.inputs = [reference.handle]
                node.controls += reference.changes
                return result.append(node)
            }
            if node.operatorName == "RefIdentity", let output = node.outputs.first {
                references[output] = reference
                return
            }
        }
        for (index, input) in node.inputs.enumerated() {
            guard let reference = references[input] else { continue }
            node.inputs[index] = read(reference, as: "\(node.name)/#read\(index):0", controls: node.controls)
        }
        result.append(node)
    }

    private mutating func add(variable node: SourceNode) {
        var node = node
        let output = node.outputs.first ?? "\(node.name):0"
        let handle = "\(node.name)/#handle:0"
        node.operatorName = "VarHandleOp"
        node.outputs = [handle]
        result.append(node)
        references[output] = Reference(handle: handle, changes: [])
    }

    private mutating func add(change node: SourceNode, _ name: String, of reference: Reference) {
        var node = node
        let output = node.outputs.first ?? "\(node.name):0"
        node.operatorName = name
        node.inputs[0] = reference.handle
        node.controls += reference.changes
        for index in node.inputs.indices.dropFirst() {
            guard let other = references[node.inputs[index]] else { continue }
            node.inputs[index] = read(other, as: "\(node.name)/#read\(index):0", controls: node.controls)
        }
        if Self.typeAttributes.contains(name) {
            node.attributes["dtype"] = node.attributes.removeValue(forKey: "T")
        } else {
            node.attributes["dtype"] = node.attributes["T"]
        }
        node.outputs = []
        result.append(node)
        references[output] = Reference(handle: reference.handle, changes: [node.name])
    }

    /// Makes the contents of a reference that is read from outside.
    private mutating func read(_ value: String) {
        guard let reference = references[value] else { return }
        let name = "\(value.split(separator: ":").first.map(String.init) ?? value)/#value"
        result.append(
            SourceNode(
                name: name, operatorName: "ReadVariableOp", version: 0, inputs: [reference.handle], outputs: [value],
                controls: reference.changes))
    }

    private mutating func read(_ reference: Reference, as value: String, controls: [String]) -> String {
        result.append(
            SourceNode(
                name: String(value.dropLast(2)), operatorName: "ReadVariableOp", version: 0, inputs: [reference.handle], outputs: [value],
                controls: controls + reference.changes))
        return value
    }
}
