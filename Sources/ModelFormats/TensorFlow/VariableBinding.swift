import GraphIR
import Tensors

/// Puts constants in the place of variables that nothing changes.
struct VariableBinding {
    private let variables: SavedModelVariables
    private var constants: [(name: String, value: TensorValue)] = []
    private var taken: Set<String> = []
    /// What values stand for: readers of a variable's contents for the constant.
    private var names: [String: String] = [:]

    static func bind(_ graph: SourceGraph, to variables: SavedModelVariables) throws(ImportError) -> SourceGraph {
        var binding = VariableBinding(variables: variables)
        var result = try binding.bind(graph, handles: [:])
        result.initializers += binding.constants
        return result
    }

    private init(variables: SavedModelVariables) { self.variables = variables }

    /// - Parameter handles: the variables of handles around the graph.
    private mutating func bind(_ graph: SourceGraph, handles outer: [String: String]) throws(ImportError) -> SourceGraph {
        var handles = outer
        var result = graph
        result.nodes = []
        for node in graph.nodes {
            if node.operatorName == VariableUse.handle, let output = node.outputs.first, variables.isConstant(VariableUse.name(of: node)) {
                handles[output] = VariableUse.name(of: node)
            } else if node.operatorName == "Identity", let input = node.inputs.first, let name = handles[input],
                let output = node.outputs.first
            {
                handles[output] = name
            } else if let variable = node.inputs.first.flatMap({ handles[$0] }) {
                if let bound = try bind(node, to: variable) { result.nodes.append(bound) }
            } else {
                var renamed = node
                renamed.inputs = node.inputs.map { names[$0] ?? $0 }
                for (name, attribute) in node.attributes {
                    renamed.attributes[name] = try bind(attribute, handles: handles)
                }
                result.nodes.append(renamed)
            }
        }
        let kept = Set(result.nodes.map(\.name))
        for index in result.nodes.indices { result.nodes[index].controls.removeAll { !kept.contains($0) } }
        result.outputs = graph.outputs.map { SourceValue(name: names[$0.name] ?? $0.name, type: $0.type) }
        return result
    }

    private mutating func bind(_ attribute: Attribute, handles: [String: String]) throws(ImportError) -> Attribute {
        switch attribute {
        case .graph(let graph): return .graph(try bind(graph, handles: handles))
        case .graphs(let graphs):
            var list: [SourceGraph] = []
            for graph in graphs { list.append(try bind(graph, handles: handles)) }
            return .graphs(list)
        default: return attribute
        }
    }

    /// The node that looks at the contents of a constant variable; nil when nothing is left to do.
    private mutating func bind(_ node: SourceNode, to variable: String) throws(ImportError) -> SourceNode? {
        var bound = node
        bound.inputs = node.inputs.map { names[$0] ?? $0 }
        let output = node.outputs.first ?? ""
        switch node.operatorName {
        case "ReadVariableOp":
            names[output] = try constant(variable)
            return nil
        case "VariableShape":
            bound.operatorName = "Shape"
            bound.attributes["out_type"] = node.attributes["out_type"] ?? .type(.tensor(TensorType(.int32, nil)))
        case "ResourceGather":
            bound.operatorName = "GatherV2"
            bound.inputs.append(axis(node))
        case "ResourceGatherNd": bound.operatorName = "GatherNd"
        case "VarIsInitializedOp":
            names[output] = constant("#true", .dense(Tensor(scalar: true)))
            return nil
        default: return nil
        }
        bound.inputs[0] = try constant(variable)
        return bound
    }

    /// The axis along which `ResourceGather` gathers: the first after the batch dimensions.
    private mutating func axis(_ node: SourceNode) -> String {
        var axis: Int64 = 0
        if case .integer(let count)? = node.attributes["batch_dims"] { axis = count }
        return constant("#axis\(axis)", .dense(Tensor(scalar: Int32(truncatingIfNeeded: axis))))
    }

    private mutating func constant(_ variable: String) throws(ImportError) -> String {
        let name = "variable \(variable)"
        guard !taken.contains(name), let contents = try variables.contents(of: variable) else { return name }
        return constant(name, contents)
    }

    private mutating func constant(_ name: String, _ value: TensorValue) -> String {
        if taken.insert(name).inserted { constants.append((name, value)) }
        return name
    }
}
