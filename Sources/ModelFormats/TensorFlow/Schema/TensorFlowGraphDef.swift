import ProtobufWire
import ServingMessages

extension TensorFlow {
    /// `GraphDef`
    struct Graph: WireMessage {
        var nodes: [Node] = []
        var library: Library?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "node", to: &nodes)
            case 2: try reader.merge(field, "library", into: &library)
            default: try reader.skip(field)
            }
        }
    }

    /// `NodeDef`
    struct Node: WireMessage {
        var name = ""
        var operatorName = ""
        var inputs: [String] = []
        var attributes: [MapEntry<Attribute>] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: operatorName = try reader.string(field)
            case 3: inputs.append(try reader.string(field))
            case 5: try reader.append(field, "attr", to: &attributes)
            default: try reader.skip(field)
            }
        }

        func attribute(_ name: String) -> Attribute? { attributes.last { $0.key == name }?.value }
    }

    /// An entry of a `map<string, string>`.
    struct TextEntry: WireMessage {
        var key = ""
        var value = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: key = try reader.string(field)
            case 2: value = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `AttrValue`
    struct Attribute: WireMessage {
        /// Which field was set last, as a oneof wants; 0 when none was.
        var kind = 0
        var list: AttributeValues?
        /// The value, as a list of one.
        var single = AttributeValues()
        /// Inside a function: the function's attribute whose value this is.
        var placeholder = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "list", into: &list)
            case 9: placeholder = try reader.string(field)
            case 10: try reader.append(field, "func", to: &single.functions)
            default: try single.merge(field, from: &reader)
            }
            kind = field.number
        }
    }

    /// `AttrValue.ListValue`; its fields 2 to 8 are those of `AttrValue`.
    struct AttributeValues: WireMessage {
        var texts: [String] = []
        /// Integers and booleans.
        var integers: [Int64] = []
        var floats: [Float] = []
        var types: [Int64] = []
        var shapes: [Shape] = []
        var tensors: [Tensor] = []
        var functions: [NameAttributeList] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 2: texts.append(try reader.lenientString(field))
            case 3, 5: try reader.append(field, to: &integers)
            case 4: try reader.append(field, to: &floats)
            case 6: try reader.append(field, to: &types)
            case 7: try reader.append(field, "shape", to: &shapes)
            case 8: try reader.append(field, "tensor", to: &tensors)
            case 9: try reader.append(field, "func", to: &functions)
            default: try reader.skip(field)
            }
        }
    }

    /// `NameAttrList`
    struct NameAttributeList: WireMessage {
        var name = ""
        var attributes: [MapEntry<Attribute>] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: try reader.append(field, "attr", to: &attributes)
            default: try reader.skip(field)
            }
        }
    }
}
