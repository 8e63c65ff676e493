import ProtobufWire

extension ONNX {
    /// `GraphProto`
    struct Graph: WireMessage {
        var name = ""
        var nodes: [Node] = []
        var initializers: [Tensor] = []
        var sparseInitializers: [SparseTensor] = []
        var inputs: [ValueInfo] = []
        var outputs: [ValueInfo] = []
        var valueInfos: [ValueInfo] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "node", to: &nodes)
            case 2: name = try reader.string(field)
            case 5: try reader.append(field, "initializer", to: &initializers)
            case 11: try reader.append(field, "input", to: &inputs)
            case 12: try reader.append(field, "output", to: &outputs)
            case 13: try reader.append(field, "value_info", to: &valueInfos)
            case 15: try reader.append(field, "sparse_initializer", to: &sparseInitializers)
            default: try reader.skip(field)
            }
        }
    }

    /// `NodeProto`
    struct Node: WireMessage {
        var name = ""
        var operatorName = ""
        var domain = ""
        var overload = ""
        var inputs: [String] = []
        var outputs: [String] = []
        var attributes: [Attribute] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: inputs.append(try reader.string(field))
            case 2: outputs.append(try reader.string(field))
            case 3: name = try reader.string(field)
            case 4: operatorName = try reader.string(field)
            case 5: try reader.append(field, "attribute", to: &attributes)
            case 7: domain = try reader.string(field)
            case 8: overload = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `ValueInfoProto`
    struct ValueInfo: WireMessage {
        var name = ""
        var type: ValueType?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: try reader.merge(field, "type", into: &type)
            default: try reader.skip(field)
            }
        }
    }
}
