import GraphIR
import Tensors

extension GraphBuilder {
    /// A node's attributes by name, with what their subgraphs capture.
    func attributes(
        of node: ONNX.Node, in scope: NodeScope, depth: Int, place: String
    ) throws(ImportError) -> [String: BoundAttribute] {
        var result: [String: BoundAttribute] = [:]
        for proto in node.attributes {
            guard result[proto.name] == nil else { throw session.malformed(place, "has the attribute \"\(proto.name)\" twice") }
            result[proto.name] = try attribute(proto, in: scope, depth: depth, place: place)
        }
        return result
    }

    func attribute(
        _ proto: ONNX.Attribute, in scope: NodeScope, depth: Int, place: String
    ) throws(ImportError) -> BoundAttribute {
        let place = "\(place), attribute \"\(proto.name)\""
        guard proto.reference.isEmpty else {
            guard scope.isFunctionBody else {
                throw session.malformed(place, "refers to the function attribute \"\(proto.reference)\" outside of a function")
            }
            return BoundAttribute(value: .reference(proto.reference))
        }
        switch proto.kind {
        // A missing number or text is the field's default, which writers may leave out.
        case .float: return BoundAttribute(value: .float(proto.float ?? 0))
        case .integer: return BoundAttribute(value: .integer(proto.integer ?? 0))
        case .string: return BoundAttribute(value: .string(proto.string ?? ""))
        case .floats: return BoundAttribute(value: .floats(proto.floats))
        case .integers: return BoundAttribute(value: .integers(proto.integers))
        case .strings: return BoundAttribute(value: .strings(proto.strings))
        case .tensor:
            guard let tensor = proto.tensor else { throw session.malformed(place, "is of kind tensor and holds none") }
            return BoundAttribute(value: .tensor(try tensors.value(tensor, place: place)))
        case .tensors:
            var list: [TensorValue] = []
            for tensor in proto.tensors { list.append(try tensors.value(tensor, place: place)) }
            return BoundAttribute(value: .tensors(list))
        case .sparseTensor:
            guard let sparse = proto.sparseTensor else {
                throw session.malformed(place, "is of kind sparse tensor and holds none")
            }
            return BoundAttribute(value: .tensor(try tensors.dense(sparse, place: place)))
        case .graph:
            guard let graph = proto.graph.first else { throw session.malformed(place, "is of kind graph and holds none") }
            let built = try subgraph(graph, in: scope, depth: depth, place: place)
            return BoundAttribute(value: .graph(built.graph), captures: built.captures)
        case .graphs:
            var list: [SourceGraph] = []
            var captures: Captures = [:]
            for graph in proto.graphs {
                let built = try subgraph(graph, in: scope, depth: depth, place: place)
                list.append(built.graph)
                captures.merge(built.captures) { first, _ in first }
            }
            return BoundAttribute(value: .graphs(list), captures: captures)
        case .type:
            guard let type = proto.type else { throw session.malformed(place, "is of kind type and holds none") }
            guard let known = type.valueType else {
                throw session.unsupported(place, "is the type \(type), which Apus does not compute with")
            }
            return BoundAttribute(value: .type(known))
        case .sparseTensors, .types:
            throw session.unsupported(place, "is a list of sparse tensors or types, which Apus does not know")
        case .undefined: throw session.malformed(place, "has no value")
        case nil: throw session.malformed(place, "is of kind \(proto.kindNumber), which ONNX does not define")
        }
    }
}

/// Where nodes stand: the operator sets that they are of, and whether they can refer to a function's attributes.
struct NodeScope {
    let opsets: OpsetTable
    var isFunctionBody = false
}

/// An attribute's value and the outer values that its subgraphs read.
struct BoundAttribute {
    let value: Attribute
    var captures: Captures = [:]
}
