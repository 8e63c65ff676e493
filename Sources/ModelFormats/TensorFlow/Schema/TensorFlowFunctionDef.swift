import ProtobufWire
import ServingMessages

extension TensorFlow {
    /// `FunctionDefLibrary`
    struct Library: WireMessage {
        var functions: [Function] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 1 { try reader.append(field, "function", to: &functions) } else { try reader.skip(field) }
        }
    }

    /// `FunctionDef`
    struct Function: WireMessage {
        var signature: Definition?
        var nodes: [Node] = []
        /// What each output of the signature is.
        var returns: [TextEntry] = []
        /// Nodes that run whenever the function does.
        var controlReturns: [TextEntry] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "signature", into: &signature)
            case 3: try reader.append(field, "node_def", to: &nodes)
            case 4: try reader.append(field, "ret", to: &returns)
            case 6: try reader.append(field, "control_ret", to: &controlReturns)
            default: try reader.skip(field)
            }
        }
    }

    /// `OpDef`: of an operator, or the signature of a function.
    struct Definition: WireMessage {
        var name = ""
        var inputs: [Argument] = []
        var outputs: [Argument] = []
        var attributes: [AttributeDefinition] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: try reader.append(field, "input_arg", to: &inputs)
            case 3: try reader.append(field, "output_arg", to: &outputs)
            case 4: try reader.append(field, "attr", to: &attributes)
            default: try reader.skip(field)
            }
        }
    }

    /// `OpDef.ArgDef`
    struct Argument: WireMessage {
        var name = ""
        var type: Int32 = 0
        var typeAttribute = ""
        var countAttribute = ""
        var typesAttribute = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 3: type = try reader.int32(field)
            case 4: typeAttribute = try reader.string(field)
            case 5: countAttribute = try reader.string(field)
            case 6: typesAttribute = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `OpDef.AttrDef`
    struct AttributeDefinition: WireMessage {
        var name = ""
        var fallback: Attribute?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 3: try reader.merge(field, "default_value", into: &fallback)
            default: try reader.skip(field)
            }
        }
    }
}
