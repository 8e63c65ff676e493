import GraphIR

/// The functions that a model defines (`ModelProto.functions`), and which of them its graph calls.
///
/// Confined to one call of `ONNXImporter.load`.
final class FunctionLibrary {
    private let protos: [FunctionName: ONNX.Function]
    /// Functions that are called, in the order in which calls were met.
    private(set) var called: [FunctionName] = []
    private var seen: Set<FunctionName> = []

    init(_ functions: [ONNX.Function], session: ImportSession) throws(ImportError) {
        var protos: [FunctionName: ONNX.Function] = [:]
        for function in functions {
            let name = FunctionName(domain: function.domain, name: function.name, overload: function.overload)
            guard protos.updateValue(function, forKey: name) == nil else {
                throw session.malformed("function \"\(name)\"", "is defined twice")
            }
        }
        self.protos = protos
    }

    /// The function that the node calls; nil when it is an operator. The function is among `called` from then on.
    func function(calledBy node: ONNX.Node) -> FunctionName? {
        let name = FunctionName(domain: node.domain, name: node.operatorName, overload: node.overload)
        guard protos[name] != nil else { return nil }
        if seen.insert(name).inserted { called.append(name) }
        return name
    }

    /// Every function that the graph calls, by itself or by way of others. Those that nobody calls are not decoded.
    func functions(builtBy builder: GraphBuilder, opsets: OpsetTable) throws(ImportError) -> [SourceFunction] {
        var result: [SourceFunction] = []
        while result.count < called.count {
            let name = called[result.count]
            guard let proto = protos[name] else { break }
            result.append(try builder.function(proto, name, modelOpsets: opsets))
        }
        return result
    }
}

extension FunctionName {
    /// An overload is part of the name, behind a colon.
    fileprivate init(domain: String, name: String, overload: String) {
        self.init(domain: OpsetTable.normalized(domain), name: overload.isEmpty ? name : "\(name):\(overload)")
    }
}

extension GraphBuilder {
    /// `FunctionProto` → `SourceFunction`.
    ///
    /// - Parameter modelOpsets: stand in where the function imports no operator sets.
    fileprivate func function(
        _ proto: ONNX.Function, _ name: FunctionName, modelOpsets: OpsetTable
    ) throws(ImportError) -> SourceFunction {
        let place = "function \"\(name)\""
        let opsets = proto.opsetImports.isEmpty ? modelOpsets : OpsetTable(proto.opsetImports)
        let scope = NodeScope(opsets: opsets, isFunctionBody: true)
        var defaults: [String: Attribute] = [:]
        for proto in proto.defaults {
            let attribute = try attribute(proto, in: NodeScope(opsets: opsets), depth: 0, place: place)
            if let (value, reader) = attribute.captures.min(by: { $0.key < $1.key }) {
                throw session.malformed("\(place), \(reader)", "reads \"\(value)\" from outside of an attribute's default")
            }
            defaults[proto.name] = attribute.value
        }
        var nodes: [BuiltNode] = []
        for (index, proto) in proto.nodes.enumerated() { nodes.append(try node(proto, index: index, in: scope, depth: 0)) }
        let ordered = try NodeOrder(context: session.context, place: place)
            .order(nodes, inputs: proto.inputs, constants: [], outputs: proto.outputs)
        if let (value, reader) = ordered.captures.min(by: { $0.key < $1.key }) {
            throw session.malformed("\(place), \(reader)", "reads \"\(value)\", which no input or node of the function makes")
        }
        let body = SourceGraph(
            name: name.description, dialect: .onnx, inputs: proto.inputs.map(SourceValue.init(untyped:)),
            outputs: proto.outputs.map(SourceValue.init(untyped:)), nodes: ordered.nodes)
        return SourceFunction(name: name, body: body, defaults: defaults, version: opsets[""] ?? 1)
    }
}

extension SourceValue {
    fileprivate init(untyped name: String) { self.init(name: name, type: ValueType?.none) }
}
