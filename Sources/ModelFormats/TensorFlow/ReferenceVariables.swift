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

    /// Operators that hand a reference into a branch or a loop, where it is the reference still: they hand on the handle.
    private static let passages: Set<String> = ["RefSwitch", "RefEnter"]

    private var references: [String: Reference] = [:]
    private var result: [SourceNode] = []

    /// - Parameters:
    ///   - nodes: in any order.
    ///   - outputs: values that are read from outside of the graph: of those that are references the contents are made, under
    ///     the same name.
    static func rewrite(_ nodes: [SourceNode], outputs: Set<String>) -> [SourceNode] {
        guard nodes.contains(where: { variables.contains($0.operatorName) }) else { return nodes }
        var rewriting = ReferenceVariables()
        rewriting.find(nodes)
        for node in nodes { rewriting.add(node) }
        for output in outputs.sorted() { rewriting.read(output) }
        return rewriting.result
    }

    /// Finds the values that are references: variables, and what operators that change or hand on a reference give.
    private mutating func find(_ nodes: [SourceNode]) {
        for node in nodes where Self.variables.contains(node.operatorName) {
            if let output = node.outputs.first { references[output] = Reference(handle: "\(node.name)/#handle:0", changes: []) }
        }
        let followers = nodes.filter { node in
            Self.changes[node.operatorName] != nil || node.operatorName == "RefIdentity" || Self.passages.contains(node.operatorName)
        }
        var count = 0
        while count != references.count {
            count = references.count
            for node in followers {
                guard let output = node.outputs.first, references[output] == nil,
                    let reference = node.inputs.first.flatMap({ references[$0] })
                else { continue }
                if Self.passages.contains(node.operatorName) {
                    for output in node.outputs where !output.isEmpty { references[output] = Reference(handle: output, changes: []) }
                    continue
                }
                let changes = node.operatorName == "RefIdentity" ? reference.changes : [node.name]
                references[output] = Reference(handle: reference.handle, changes: changes)
            }
        }
    }

    private mutating func add(_ node: SourceNode) {
        var node = node
        var takesHandle = false
        if Self.variables.contains(node.operatorName) {
            node.operatorName = "VarHandleOp"
            node.outputs = ["\(node.name)/#handle:0"]
        } else if let reference = node.inputs.first.flatMap({ references[$0] }) {
            if node.operatorName == "RefIdentity" { return }
            if Self.passages.contains(node.operatorName) {
                node.inputs[0] = reference.handle
                node.controls += reference.changes
                return result.append(node)
            }
            if let name = Self.changes[node.operatorName] {
                node.operatorName = name
                node.attributes["dtype"] = node.attributes["T"]
                node.outputs = []
                node.inputs[0] = reference.handle
                node.controls += reference.changes
                takesHandle = true
            } else if node.operatorName == "IsVariableInitialized" {
                node.operatorName = "VarIsInitializedOp"
                node.inputs = [reference.handle]
                node.controls += reference.changes
                takesHandle = true
            }
        }
        for (index, input) in node.inputs.enumerated() where index > 0 || !takesHandle {
            guard let reference = references[input] else { continue }
            node.inputs[index] = read(reference, as: "\(node.name)/#read\(index):0", controls: node.controls)
        }
        result.append(node)
    }

    /// Makes the contents of a reference that is read from outside.
    private mutating func read(_ value: String) {
        guard let reference = references[value] else { return }
        let name = "\(TensorFlowName.node(value))/#value"
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
