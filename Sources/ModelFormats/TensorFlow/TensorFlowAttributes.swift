import GraphIR
import ServingMessages
import Tensors

/// `AttrValue` → attribute.
struct TensorFlowAttributes {
    let session: ImportSession

    /// Attributes by name, without those that TensorFlow's tools note for themselves (`_output_shapes`).
    func decode(
        _ entries: [TensorFlow.MapEntry<TensorFlow.Attribute>], place: String
    ) throws(ImportError) -> [String: Attribute] {
        var result: [String: Attribute] = [:]
        for entry in entries where !entry.key.hasPrefix("_") {
            guard let value = entry.value else { continue }
            result[entry.key] = try decode(value, place: "\(place), attribute \"\(entry.key)\"")
        }
        return result
    }

    /// - Returns: nil for a value that says nothing.
    private func decode(_ proto: TensorFlow.Attribute, place: String) throws(ImportError) -> Attribute? {
        let single = proto.single
        switch proto.kind {
        case 1: return try list(proto.list ?? TensorFlow.AttributeValues(), place)
        case 2: return single.texts.last.map(Attribute.string)
        case 3, 5: return single.integers.last.map(Attribute.integer)
        case 4: return single.floats.last.map(Attribute.float)
        case 6: return try single.types.last.map { (number) throws(ImportError) in .type(try type(number, place)) }
        case 7: return single.shapes.last.map { .shape($0.symbolic) }
        case 8:
            guard let tensor = single.tensors.last else { return nil }
            return .tensor(try TensorProtoDecoder(session: session).value(tensor, place: place))
        case 9: return .reference(proto.placeholder)
        case 10: return try single.functions.last.map { (function) throws(ImportError) in .function(try reference(function, place)) }
        default: return nil
        }
    }

    /// The file does not say of an empty list what it is a list of.
    private func list(_ values: TensorFlow.AttributeValues, _ place: String) throws(ImportError) -> Attribute {
        if !values.texts.isEmpty { return .strings(values.texts) }
        if !values.floats.isEmpty { return .floats(values.floats) }
        if !values.types.isEmpty {
            var types: [ValueType] = []
            for number in values.types { types.append(try type(number, place)) }
            return .types(types)
        }
        if !values.shapes.isEmpty { return .shapes(values.shapes.map(\.symbolic)) }
        if !values.tensors.isEmpty {
            var tensors: [TensorValue] = []
            for tensor in values.tensors { tensors.append(try TensorProtoDecoder(session: session).value(tensor, place: place)) }
            return .tensors(tensors)
        }
        if !values.functions.isEmpty {
            var functions: [FunctionReference] = []
            for function in values.functions { functions.append(try reference(function, place)) }
            return .functions(functions)
        }
        return .integers(values.integers)
    }

    private func type(_ number: Int64, _ place: String) throws(ImportError) -> ValueType {
        guard let type = TensorFlow.DataType(number: Int32(truncatingIfNeeded: number)) else {
            throw session.malformed(place, "is the data type \(number), which TensorFlow does not define")
        }
        if let element = type.elementType { return .tensor(TensorType(element, nil)) }
        // A variant in a tensor is the bytes of what it holds: that is how ragged and sparse tensors become one.
        if type == .variant { return .tensor(TensorType(.string, nil)) }
        // What Apus has no elements of; an operator that needs them says so.
        return .resource(.other(String(describing: type)))
    }

    func reference(_ proto: TensorFlow.NameAttributeList, _ place: String) throws(ImportError) -> FunctionReference {
        FunctionReference(name: proto.name, attributes: try decode(proto.attributes, place: place))
    }
}
