import GraphIR
import ServingMessages
import Tensors

/// `GraphDef` and `FunctionDef` → nodes, constants and functions of a source graph.
///
/// Values are called by node and number of the output, `node:0`; a function's arguments like first outputs of nodes. Only what is
/// asked for is decoded, with the functions that it calls. Confined to one import.
final class GraphDefDecoder {
    private let session: ImportSession
    private let attributes: TensorFlowAttributes
    private let outputs: OutputArguments
    private let functions: [String: TensorFlow.Function]
    /// Functions that are called, in the order in which calls were met.
    private var called: [String] = []
    private var seen: Set<String> = []

    init(_ graph: TensorFlow.Graph, definitions: [TensorFlow.Definition], session: ImportSession) throws(ImportError) {
        self.session = session
        attributes = TensorFlowAttributes(session: session)
        var functions: [String: TensorFlow.Function] = [:]
        for function in graph.library?.functions ?? [] {
            guard let name = function.signature?.name, functions.updateValue(function, forKey: name) == nil else {
                throw session.malformed("function \"\(function.signature?.name ?? "")\"", "has no name, or that of another")
            }
        }
        self.functions = functions
        outputs = OutputArguments(definitions, functions: graph.library?.functions ?? [])
    }

    /// What nodes became.
    struct Nodes {
        var nodes: [SourceNode] = []
        /// For constants that wait for nodes: which. In a branch of TensorFlow 1 that is all that says so.
        var constantControls: [String: [String]] = [:]
        var constants: [(name: String, value: TensorValue)] = []
        /// Placeholders: values that must be fed.
        var placeholders: [SourceValue] = []
    }

    /// The nodes of the model's graph.
    ///
    /// - Parameter outputs: values that are read from outside of it.
    func decode(_ nodes: [TensorFlow.Node], outputs: [String]) throws(ImportError) -> Nodes {
        try decode(nodes, Scope(nodes: nodes, arguments: [], outputs: outputs))
    }

    /// Every function that decoded nodes call, by itself or by way of others.
    func calledFunctions() throws(ImportError) -> [SourceFunction] {
        var result: [SourceFunction] = []
        while result.count < called.count {
            guard let function = functions[called[result.count]] else { break }
            result.append(try decode(function))
        }
        return result
    }

    // MARK: Names

    /// The names that inputs of nodes refer to.
    private struct Scope {
        let nodes: [String: TensorFlow.Node]
        let arguments: Set<String>
        /// How many outputs of each node are read.
        var readCounts: [String: Int] = [:]

        /// - Parameter outputs: what is read from outside.
        init(nodes: [TensorFlow.Node], arguments: [String], outputs: [String]) {
            self.nodes = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
            self.arguments = Set(arguments)
            for reference in nodes.flatMap(\.inputs) + outputs where !reference.hasPrefix("^") {
                let parts = reference.split(separator: ":")
                guard let name = parts.first.map(String.init) else { continue }
                let index = parts.count > 1 ? parts.last.flatMap { Int($0) } ?? 0 : 0
                readCounts[name] = max(readCounts[name] ?? 0, min(max(index, 0), OutputArguments.maximumWidth) + 1)
            }
        }
    }

    /// The value that `node`, `node:1` or `node:output:1` stands for.
    private func value(_ reference: String, in scope: Scope, place: String) throws(ImportError) -> String {
        let parts = reference.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard !scope.arguments.contains(parts[0]) else { return parts[0] + ":0" }
        switch parts.count {
        case 1: return reference + ":0"
        case 2:
            if let index = Int(parts[1]), index >= 0 { return reference }
        case 3:
            // An unknown node is reported by whoever orders the nodes.
            guard let index = Int(parts[2]), index >= 0 else { break }
            guard let node = scope.nodes[parts[0]] else { return "\(parts[0]):\(index)" }
            if let position = outputs.position(of: parts[1], index, in: node) { return "\(parts[0]):\(position)" }
        default: break
        }
        throw session.malformed(place, "refers to \"\(reference)\", which is no output of a node before it")
    }

    private static let calls: Set<String> = ["PartitionedCall", "StatefulPartitionedCall"]

    // MARK: Nodes

    private func decode(_ protos: [TensorFlow.Node], _ scope: Scope) throws(ImportError) -> Nodes {
        var result = Nodes()
        /// Nodes that are no nodes any more: nobody waits for them.
        var dropped: Set<String> = []
        for proto in protos {
            try session.countNode()
            let place = "node \"\(proto.name)\" (\(proto.operatorName))"
            if proto.operatorName == "Const", let constant = try constant(proto, place) {
                try session.countInitializers(1)
                result.constants.append((proto.name + ":0", constant))
                dropped.insert(proto.name)
                let controls = proto.inputs.filter { $0.hasPrefix("^") }.map { String($0.dropFirst()) }
                if !controls.isEmpty { result.constantControls[proto.name] = controls }
            } else if proto.operatorName == "Placeholder" {
                result.placeholders.append(SourceValue(name: proto.name + ":0", type: try placeholderType(proto, place)))
                dropped.insert(proto.name)
            } else {
                result.nodes.append(try node(proto, scope, place))
            }
        }
        // Constants are there from the beginning: who reads one waits for what it would wait for.
        if !result.constantControls.isEmpty {
            for index in result.nodes.indices {
                for input in result.nodes[index].inputs where input.hasSuffix(":0") {
                    result.nodes[index].controls += result.constantControls[String(input.dropLast(2))] ?? []
                }
            }
        }
        for index in result.nodes.indices where !result.nodes[index].controls.isEmpty {
            result.nodes[index].controls.removeAll { dropped.contains($0) || scope.arguments.contains($0) }
        }
        return result
    }

    /// The value of a `Const`; nil for what Apus has no elements of.
    private func constant(_ proto: TensorFlow.Node, _ place: String) throws(ImportError) -> TensorValue? {
        guard let tensor = proto.attribute("value")?.single.tensors.last else {
            throw session.malformed(place, "has no value")
        }
        guard TensorFlow.DataType(number: tensor.dataType)?.elementType != nil else { return nil }
        return try TensorProtoDecoder(session: session).value(tensor, place: place)
    }

    private func placeholderType(_ proto: TensorFlow.Node, _ place: String) throws(ImportError) -> ValueType? {
        guard case .type(let type)? = try attributes.decode(proto.attributes, place: place)["dtype"] else { return nil }
        return type
    }

    private func node(_ proto: TensorFlow.Node, _ scope: Scope, _ place: String) throws(ImportError) -> SourceNode {
        var inputs: [String] = []
        var controls: [String] = []
        for reference in proto.inputs {
            if reference.hasPrefix("^") {
                controls.append(String(reference.dropFirst()))
            } else {
                inputs.append(try value(reference, in: scope, place: place))
            }
        }
        var attributes = try attributes.decode(proto.attributes, place: place)
        var operatorName = proto.operatorName
        if Self.calls.contains(operatorName), case .function(let function)? = attributes["f"] {
            operatorName = function.name
            attributes = function.attributes
            guard functions[operatorName] != nil else {
                throw session.malformed(place, "calls the function \"\(operatorName)\", which the model does not define")
            }
        }
        note(attributes)
        if functions[operatorName] != nil, seen.insert(operatorName).inserted { called.append(operatorName) }
        return SourceNode(
            name: proto.name, operatorName: operatorName, version: 0, inputs: inputs,
            outputs: (0..<outputCount(proto, operatorName, scope)).map { "\(proto.name):\($0)" }, attributes: attributes, controls: controls
        )
    }

    /// How many outputs a node has; of an operator that nothing is known of, those that something reads.
    private func outputCount(_ proto: TensorFlow.Node, _ operatorName: String, _ scope: Scope) -> Int {
        var node = proto
        node.operatorName = operatorName
        return outputs.count(of: node) ?? scope.readCounts[proto.name] ?? 0
    }

    private func note(_ attributes: [String: Attribute]) {
        for attribute in attributes.values {
            let references: [FunctionReference] =
                switch attribute {
                case .function(let reference): [reference]
                case .functions(let list): list
                default: []
                }
            for reference in references {
                if functions[reference.name] != nil, seen.insert(reference.name).inserted { called.append(reference.name) }
                note(reference.attributes)
            }
        }
    }

    // MARK: Functions

    private func decode(_ proto: TensorFlow.Function) throws(ImportError) -> SourceFunction {
        let signature = proto.signature ?? TensorFlow.Definition()
        let place = "function \"\(signature.name)\""
        for argument in signature.inputs + signature.outputs where !argument.countAttribute.isEmpty || !argument.typesAttribute.isEmpty {
            throw session.unsupported(place, "has a list among its arguments, which Apus does not call")
        }
        let scope = Scope(nodes: proto.nodes, arguments: signature.inputs.map(\.name), outputs: proto.returns.map(\.value))
        let decoded = try decode(proto.nodes, scope)
        let returns = Dictionary(proto.returns.map { ($0.key, $0.value) }) { first, _ in first }
        var results: [SourceValue] = []
        for output in signature.outputs {
            guard let reference = returns[output.name] else { throw session.malformed(place, "does not say what \"\(output.name)\" is") }
            results.append(SourceValue(name: try value(reference, in: scope, place: place), type: ValueType?.none))
        }
        let inputs = signature.inputs.map { SourceValue(name: $0.name + ":0", type: ValueType?.none) }
        let body = SourceGraph(
            name: signature.name, dialect: .tensorFlow, inputs: inputs, outputs: results, initializers: decoded.constants,
            nodes: try ordered(decoded, inputs: inputs + decoded.placeholders, outputs: results, place: place))
        var defaults: [String: TensorFlow.MapEntry<TensorFlow.Attribute>] = [:]
        for attribute in signature.attributes {
            guard let value = attribute.fallback else { continue }
            defaults[attribute.name] = TensorFlow.MapEntry(key: attribute.name, value: value)
        }
        let names = Set(decoded.nodes.map(\.name))
        return SourceFunction(
            name: FunctionName(name: signature.name), body: body, defaults: try attributes.decode(Array(defaults.values), place: place),
            controlOutputs: proto.controlReturns.map(\.value).filter(names.contains))
    }

    /// The nodes in an order in which they can run.
    func ordered(
        _ decoded: Nodes, inputs: [SourceValue], outputs: [SourceValue], place: String
    ) throws(ImportError) -> [SourceNode] {
        let nodes = try ControlFlowLifting.functionalize(
            nodes: decoded.nodes, constants: decoded.constantControls, path: session.path)
        let result = try NodeOrder(context: session.context, place: place).order(
            nodes.map(BuiltNode.init(capturing:)), inputs: inputs.map(\.name), constants: decoded.constants.map(\.name),
            outputs: outputs.map(\.name))
        if let (value, reader) = result.captures.min(by: { $0.key < $1.key }) {
            throw session.malformed("\(place), \(reader)", "reads \"\(value)\", which no node makes")
        }
        return result.nodes
    }
}

extension BuiltNode {
    /// A node whose graphs read what they do not make from around it.
    fileprivate init(capturing node: SourceNode) {
        let names = node.subgraphs.reduce(into: Set<String>()) { $0.formUnion($1.capturedNames) }
        self.init(node: node, captures: Dictionary(uniqueKeysWithValues: names.map { ($0, node.place) }))
    }
}
