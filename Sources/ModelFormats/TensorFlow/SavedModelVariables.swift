import GraphIR
import Synchronization
import Tensors

/// The variables of a SavedModel that nothing changes once they are restored: constants, read from the checkpoint when a graph
/// first needs them.
///
/// Variables that a signature or an initialiser writes stay variables; the initialising graphs give them their first contents.
final class SavedModelVariables: Sendable {
    /// Where a variable's contents come from.
    enum Origin: Sendable {
        /// A tensor of the checkpoint, or a slice of one.
        case checkpoint(key: String, slice: TensorSlice?)
        /// A constant of the graph that initialises.
        case constant(TensorValue)
    }

    private let bundle: TensorBundle?
    /// By the variable's name.
    private let constants: [String: Origin]
    private let loaded = Mutex<[String: TensorValue]>([:])

    init(bundle: TensorBundle?, constants: [String: Origin]) {
        self.bundle = bundle
        self.constants = constants
    }

    func isConstant(_ name: String) -> Bool { constants[name] != nil }

    /// The contents of a constant variable, shared by all who ask.
    func contents(of name: String) throws(ImportError) -> TensorValue? {
        guard case .checkpoint(let key, let slice)? = constants[name], let bundle else {
            if case .constant(let value)? = constants[name] { return value }
            return nil
        }
        if let known = loaded.withLock({ $0[name] }) { return known }
        let value = try bundle.tensor(key, slice: slice)
        return loaded.withLock { loaded in
            if let known = loaded[name] { return known }
            loaded[name] = value
            return value
        }
    }

    /// Bytes that the contents of variables take.
    func byteCount(of names: Set<String>) throws(ImportError) -> Int {
        var count = 0
        for name in names {
            guard case .checkpoint(let key, _)? = constants[name], let entry = try bundle?.entry(key) else { continue }
            count += entry.byteCount
        }
        return count
    }
}

/// What graphs do with variables.
enum VariableUse {
    static let handle = "VarHandleOp"
    /// Operators that only look at a variable.
    static let readers: Set<String> = [
        "ReadVariableOp", "VariableShape", "ResourceGather", "ResourceGatherNd", "VarIsInitializedOp", "DisableCopyOnRead",
    ]

    /// The name by which all graphs of a model know the variable of a handle.
    static func name(of node: SourceNode) -> String {
        if case .string(let name)? = node.attributes["shared_name"], !name.isEmpty { return name }
        return node.name
    }

    /// How often nodes of a graph do anything else with a variable than looking, in subgraphs too.
    static func writeCounts(in graph: SourceGraph) -> [String: Int] {
        var counts: [String: Int] = [:]
        visit(graph, handles: [:]) { node, input, name in
            if input == nil || !readers.contains(node?.operatorName ?? "") { counts[name, default: 0] += 1 }
        }
        return counts
    }

    /// Names of the variables that nodes of a graph do anything else with than looking.
    static func written(in graph: SourceGraph) -> Set<String> { Set(writeCounts(in: graph).keys) }

    /// Names of the variables that a graph has handles of.
    static func used(in graph: SourceGraph) -> Set<String> {
        var used: Set<String> = []
        visit(graph, handles: [:]) { _, _, name in used.insert(name) }
        return used
    }

    /// Calls `body` for every use of a handle: the node and which of its inputs, or neither for an output of a graph.
    private static func visit(
        _ graph: SourceGraph, handles outer: [String: String], _ body: (SourceNode?, Int?, String) -> Void
    ) {
        var handles = outer
        for node in graph.nodes {
            if node.operatorName == handle, let output = node.outputs.first {
                handles[output] = name(of: node)
            } else if node.operatorName == "Identity", let input = node.inputs.first, let name = handles[input],
                let output = node.outputs.first
            {
                handles[output] = name
            } else {
                for (index, input) in node.inputs.enumerated() {
                    if let name = handles[input] { body(node, index, name) }
                }
                for subgraph in node.subgraphs { visit(subgraph, handles: handles, body) }
            }
        }
        for output in graph.outputs {
            if let name = handles[output.name] { body(nil, nil, name) }
        }
    }
}
