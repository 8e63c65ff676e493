import ProtobufWire

/// The messages of `onnx.proto3`, as far as inference needs them, by their names there.
///
/// They are what the file says, unchecked; field numbers are the schema's. Strings are copied, tensor contents are
/// not: those are kept as ranges of the file.
enum ONNX {}

extension ONNX {
    /// `ModelProto`
    struct Model: WireMessage {
        var irVersion: Int64 = 0
        var producerName = ""
        var producerVersion = ""
        var domain = ""
        var modelVersion: Int64 = 0
        var graph: Graph?
        var opsetImports: [OpsetImport] = []
        var properties: [Property] = []
        var functions: [Function] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: irVersion = try reader.int64(field)
            case 2: producerName = try reader.string(field)
            case 3: producerVersion = try reader.string(field)
            case 4: domain = try reader.string(field)
            case 5: modelVersion = try reader.int64(field)
            case 7: try reader.merge(field, "graph", into: &graph)
            case 8: try reader.append(field, "opset_import", to: &opsetImports)
            case 14: try reader.append(field, "metadata_props", to: &properties)
            case 25: try reader.append(field, "functions", to: &functions)
            default: try reader.skip(field)
            }
        }
    }

    /// `OperatorSetIdProto`
    struct OpsetImport: WireMessage {
        var domain = ""
        var version: Int64 = 0

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: domain = try reader.string(field)
            case 2: version = try reader.int64(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `StringStringEntryProto`
    struct Property: WireMessage {
        var key = ""
        var value = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: key = try reader.lenientString(field)
            case 2: value = try reader.lenientString(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `FunctionProto`: an operator that the model itself defines by a list of nodes.
    struct Function: WireMessage {
        var name = ""
        var domain = ""
        var overload = ""
        var inputs: [String] = []
        var outputs: [String] = []
        /// Attributes that have a value when a call does not give one.
        var defaults: [Attribute] = []
        var nodes: [Node] = []
        var opsetImports: [OpsetImport] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 4: inputs.append(try reader.string(field))
            case 5: outputs.append(try reader.string(field))
            case 7: try reader.append(field, "node", to: &nodes)
            case 9: try reader.append(field, "opset_import", to: &opsetImports)
            case 10: domain = try reader.string(field)
            case 11: try reader.append(field, "attribute_proto", to: &defaults)
            case 13: overload = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }
}
