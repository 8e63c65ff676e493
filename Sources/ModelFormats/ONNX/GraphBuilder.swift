import GraphIR
import Tensors

/// `GraphProto` → `SourceGraph`: decodes, checks that every name is made once before it is read, and puts nodes in an order in
/// which they can run. Calls of functions stay calls.
///
/// Confined to one call of `ONNXImporter.load`.
final class GraphBuilder {
    let session: ImportSession
    let tensors: TensorDecoder
    let library: FunctionLibrary

    init(session: ImportSession, library: FunctionLibrary) {
        self.session = session
        self.library = library
        tensors = TensorDecoder(session: session)
    }

    struct BuiltGraph {
        let graph: SourceGraph
        let captures: Captures
    }

    /// The model's graph.
    func mainGraph(_ proto: ONNX.Graph, opsets: OpsetTable) throws(ImportError) -> SourceGraph {
        let built = try graph(proto, in: NodeScope(opsets: opsets), depth: 0, place: "the graph")
        if let (name, reader) = built.captures.min(by: { $0.key < $1.key }) {
            throw session.malformed(reader, "reads \"\(name)\", which no input, initializer or node of the graph makes")
        }
        return built.graph
    }

    /// The initializers of the model's graph that it lists as inputs too: a request may give other values (`GraphProto.initializer`,
    /// since version 4 of the IR).
    func overridables(_ proto: ONNX.Graph, of graph: SourceGraph) throws(ImportError) -> [Signature.Parameter] {
        let constants = Dictionary(graph.initializers) { first, _ in first }
        var result: [Signature.Parameter] = [], names: Set<String> = []
        for input in try values(proto.inputs, "input") {
            guard let value = constants[input.name] else { continue }
            guard names.insert(input.name).inserted else {
                throw session.malformed("graph input \"\(input.name)\"", "is there twice; names are unique")
            }
            let type = input.type ?? .tensor(value.spec.type)
            if let reason = type.mismatch(RuntimeValue(value)) {
                throw session.malformed("graph input \"\(input.name)\"", "has an initializer that \(reason)")
            }
            result.append(
                Signature.Parameter(name: input.name, valueName: input.name, type: type, fallback: value, isOverridable: true))
        }
        return result
    }

    /// A graph inside an attribute.
    func subgraph(
        _ proto: ONNX.Graph, in scope: NodeScope, depth: Int, place: String
    ) throws(ImportError) -> BuiltGraph {
        try session.check(place, "graphs inside one another", depth + 1, atMost: session.limits.subgraphDepth)
        return try graph(proto, in: scope, depth: depth + 1, place: place)
    }

    private func graph(
        _ proto: ONNX.Graph, in scope: NodeScope, depth: Int, place: String
    ) throws(ImportError) -> BuiltGraph {
        let constants = try constants(of: proto, place: place)
        let inputs = try values(proto.inputs, "input").filter { constants.index(of: $0.name) == nil }
        let outputs = try values(proto.outputs, "output")
        guard !outputs.isEmpty else { throw session.malformed(place, "has no outputs; a model must declare what it returns") }

        var nodes: [BuiltNode] = []
        nodes.reserveCapacity(proto.nodes.count)
        for (index, proto) in proto.nodes.enumerated() { nodes.append(try node(proto, index: index, in: scope, depth: depth)) }
        let ordered = try NodeOrder(context: session.context, place: place)
            .order(nodes, inputs: inputs.map(\.name), constants: constants.names, outputs: outputs.map(\.name))
        try constants.dropUnreadable(read: ordered.read)
        return BuiltGraph(
            graph: SourceGraph(
                name: proto.name, dialect: .onnx, inputs: inputs, outputs: outputs, initializers: constants.readable,
                nodes: ordered.nodes, valueTypes: hints(proto.valueInfos)),
            captures: ordered.captures)
    }

    // MARK: Nodes

    /// One node of the file, `index` in its list.
    func node(_ proto: ONNX.Node, index: Int, in scope: NodeScope, depth: Int) throws(ImportError) -> BuiltNode {
        try session.countNode()
        let name = proto.name.isEmpty ? "#\(index)" : proto.name
        let place = "node \"\(name)\" (\(proto.operatorName))"
        guard !proto.operatorName.isEmpty else {
            throw session.malformed("node \"\(name)\"", "names no operator (op_type is empty)")
        }
        guard proto.outputs.contains(where: { !$0.isEmpty }) else { throw session.malformed(place, "has no outputs") }
        let attributes = try attributes(of: proto, in: scope, depth: depth, place: place)
        let domain = OpsetTable.normalized(proto.domain)
        let function = library.function(calledBy: proto)
        guard let version = scope.opsets[domain] ?? function.map({ _ in 0 }) else {
            throw session.malformed(
                place,
                "is of the domain \"\(domain.isEmpty ? "ai.onnx" : domain)\", which the model does not import (it imports \(scope.opsets.isEmpty ? "none" : scope.opsets.description))"
            )
        }
        let node = SourceNode(
            name: name, domain: domain, operatorName: function?.name ?? proto.operatorName, version: version,
            inputs: proto.inputs, outputs: proto.outputs, attributes: attributes.mapValues(\.value))
        let captures = attributes.values.reduce(into: Captures()) { $0.merge($1.captures) { first, _ in first } }
        return BuiltNode(node: node, captures: captures)
    }

    // MARK: Declared values

    private func values(_ infos: [ONNX.ValueInfo], _ role: String) throws(ImportError) -> [SourceValue] {
        var result: [SourceValue] = []
        for info in infos {
            let place = "graph \(role) \"\(info.name)\""
            guard !info.name.isEmpty else { throw session.malformed("a graph \(role)", "has no name") }
            if let dimensions = info.type?.dimensions {
                try session.check(place, "dimensions", dimensions.count, atMost: session.limits.tensorRank)
            }
            result.append(SourceValue(name: info.name, type: try type(info, place: place)))
        }
        return result
    }

    /// The declared type, nil when there is none.
    private func type(_ info: ONNX.ValueInfo, place: String) throws(ImportError) -> ValueType? {
        guard let type = info.type, type.isDeclared else { return nil }
        guard let known = type.valueType else {
            throw session.unsupported(place, "is of type \(type), which Apus does not compute with")
        }
        return known
    }

    private func hints(_ infos: [ONNX.ValueInfo]) -> [String: ValueType] {
        infos.reduce(into: [:]) { hints, info in
            if let type = info.type?.valueType { hints[info.name] = type }
        }
    }
}
