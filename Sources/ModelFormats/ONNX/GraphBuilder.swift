import GraphIR
import Tensors

/// `GraphProto` → `SourceGraph`: decodes, expands functions, checks that every name is made once before it is read, and
/// puts nodes in an order in which they can run.
///
/// Confined to one call of `ONNXImporter.load`.
final class GraphBuilder {
    let session: ImportSession
    let tensors: TensorDecoder
    let functions: [FunctionKey: ONNX.Function]
    /// Makes names inside expanded functions unique.
    var inlinedCalls = 0

    init(session: ImportSession, functions: [FunctionKey: ONNX.Function]) {
        self.session = session
        self.functions = functions
        tensors = TensorDecoder(session: session)
    }

    /// A node and what its subgraphs read from the graph around it.
    struct BuiltNode {
        let node: SourceNode
        let captures: Captures

        init(_ node: SourceNode, captures: Captures = [:]) {
            self.node = node
            self.captures = captures
        }

        var place: String { "node \"\(node.name)\" (\(node.operatorName))" }
    }

    struct BuiltGraph {
        let graph: SourceGraph
        let captures: Captures
    }

    /// The model's graph.
    func mainGraph(_ proto: ONNX.Graph, opsets: OpsetTable) throws(ImportError) -> SourceGraph {
        let built = try graph(proto, in: NameScope(opsets: opsets), depth: 0, place: "the graph")
        if let (name, reader) = built.captures.min(by: { $0.key < $1.key }) {
            throw session.malformed(reader, "reads \"\(name)\", which no input, initializer or node of the graph makes")
        }
        return built.graph
    }

    /// A graph inside an attribute.
    func subgraph(
        _ proto: ONNX.Graph, in scope: NameScope, depth: Int, place: String
    ) throws(ImportError) -> BuiltGraph {
        try session.check(place, "graphs inside one another", depth + 1, atMost: session.limits.subgraphDepth)
        return try graph(proto, in: scope, depth: depth + 1, place: place)
    }

    private func graph(
        _ proto: ONNX.Graph, in scope: NameScope, depth: Int, place: String
    ) throws(ImportError) -> BuiltGraph {
        let constants = try constants(of: proto, in: scope, place: place)
        let inputs = try values(proto.inputs, "input", in: scope).filter { constants.index(of: $0.name) == nil }
        let outputs = try values(proto.outputs, "output", in: scope)
        guard !outputs.isEmpty else { throw session.malformed(place, "has no outputs; a model must declare what it answers") }

        var nodes: [BuiltNode] = []
        nodes.reserveCapacity(proto.nodes.count)
        for (index, node) in proto.nodes.enumerated() {
            nodes += try built(node, index: index, in: scope, depth: depth, namePrefix: "")
        }
        let ordered = try NodeOrder(session: session, place: place)
            .order(nodes, inputs: inputs.map(\.name), constants: constants.names, outputs: outputs.map(\.name))
        try constants.dropUnreadable(read: ordered.read)
        return BuiltGraph(
            graph: SourceGraph(
                name: proto.name, dialect: .onnx, inputs: inputs, outputs: outputs, initializers: constants.readable,
                nodes: ordered.nodes, valueTypes: hints(proto.valueInfos, in: scope)),
            captures: ordered.captures)
    }

    // MARK: Nodes

    /// One node of the file: itself, or the nodes of the function it calls.
    func built(
        _ proto: ONNX.Node, index: Int, in scope: NameScope, depth: Int, namePrefix: String
    ) throws(ImportError) -> [BuiltNode] {
        try session.countNode()
        let name = namePrefix + (proto.name.isEmpty ? "#\(index)" : proto.name)
        let place = "node \"\(name)\" (\(proto.operatorName))"
        guard !proto.operatorName.isEmpty else {
            throw session.malformed("node \"\(name)\"", "names no operator (op_type is empty)")
        }
        guard proto.outputs.contains(where: { !$0.isEmpty }) else { throw session.malformed(place, "has no outputs") }
        let attributes = try attributes(of: proto, in: scope, depth: depth, place: place)
        if let function = functions[FunctionKey(calledBy: proto)] {
            return try inline(function, calledBy: proto, attributes: attributes, in: scope, depth: depth, place: place)
        }

        let domain = OpsetTable.normalized(proto.domain)
        guard let version = scope.opsets[domain] else {
            throw session.malformed(
                place,
                "is of the domain \"\(domain.isEmpty ? "ai.onnx" : domain)\", which the model does not import (it imports \(scope.opsets.isEmpty ? "none" : scope.opsets.description))"
            )
        }
        let node = SourceNode(
            name: name, domain: domain, operatorName: proto.operatorName, version: version,
            inputs: proto.inputs.map(scope.resolve), outputs: proto.outputs.map(scope.resolve),
            attributes: attributes.mapValues(\.value))
        let captures = attributes.values.reduce(into: Captures()) { $0.merge($1.captures) { first, _ in first } }
        return [BuiltNode(node, captures: captures)]
    }

    // MARK: Declared values

    private func values(
        _ infos: [ONNX.ValueInfo], _ role: String, in scope: NameScope
    ) throws(ImportError) -> [SourceValue] {
        var result: [SourceValue] = []
        for info in infos {
            let place = "graph \(role) \"\(info.name)\""
            guard !info.name.isEmpty else { throw session.malformed("a graph \(role)", "has no name") }
            if let dimensions = info.type?.dimensions {
                try session.check(place, "dimensions", dimensions.count, atMost: session.limits.tensorRank)
            }
            result.append(SourceValue(name: scope.resolve(info.name), type: try type(info, place: place)))
        }
        return result
    }

    /// The declared type, nil when there is none.
    private func type(_ info: ONNX.ValueInfo, place: String) throws(ImportError) -> TensorType? {
        guard let type = info.type, type.kind != .none else { return nil }
        if type.kind == .tensor, type.dataType == ONNX.DataType.undefined.rawValue { return nil }
        guard let tensorType = type.tensorType else {
            throw session.unsupported(
                place,
                "is of type \(type); Apus takes and gives dense tensors of the common number types (export without ZipMap, sequences and optionals)"
            )
        }
        return tensorType
    }

    private func hints(_ infos: [ONNX.ValueInfo], in scope: NameScope) -> [String: TensorType] {
        infos.reduce(into: [:]) { hints, info in
            if let type = info.type?.tensorType { hints[scope.resolve(info.name)] = type }
        }
    }
}
