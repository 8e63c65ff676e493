import ProtobufWire

extension ONNX {
    /// `AttributeProto`
    struct Attribute: WireMessage {
        /// `AttributeProto.AttributeType`
        enum Kind: Int32 {
            case undefined = 0, float, integer, string, tensor, graph, floats, integers, strings, tensors, graphs
            case sparseTensor, sparseTensors, type, types
        }

        var name = ""
        /// The attribute of the surrounding function whose value is meant; empty where the value stands here.
        var reference = ""
        var kindNumber: Int32 = 0
        var float: Float?
        var integer: Int64?
        var string: String?
        var tensor: Tensor?
        var sparseTensor: SparseTensor?
        var type: ValueType?
        var floats: [Float] = []
        var integers: [Int64] = []
        var strings: [String] = []
        var tensors: [Tensor] = []
        var graphs: [Graph] = []
        var sparseTensorCount = 0
        var typeCount = 0
        /// At most one: a list, because a graph holds attributes in turn.
        var graph: [Graph] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: float = try reader.float(field)
            case 3: integer = try reader.int64(field)
            case 4: string = try reader.lenientString(field)
            case 5: try reader.merge(field, "t", into: &tensor)
            case 6:
                var merged = graph.popLast()
                try reader.merge(field, "g", into: &merged)
                if let merged { graph = [merged] }
            case 7: try reader.append(field, to: &floats)
            case 8: try reader.append(field, to: &integers)
            case 9: strings.append(try reader.lenientString(field))
            case 10: try reader.append(field, "tensors", to: &tensors)
            case 11: try reader.append(field, "graphs", to: &graphs)
            case 14: try reader.merge(field, "tp", into: &type)
            case 15:
                typeCount += 1
                try reader.skip(field)
            case 20: kindNumber = try reader.int32(field)
            case 21: reference = try reader.string(field)
            case 22: try reader.merge(field, "sparse_tensor", into: &sparseTensor)
            case 23:
                sparseTensorCount += 1
                try reader.skip(field)
            default: try reader.skip(field)
            }
        }

        /// What the attribute holds; files of the first IR versions do not state it; there it follows from the field that is set.
        ///
        /// - Returns: nil for a number that the schema does not list.
        var kind: Kind? {
            guard kindNumber == 0 else { return Kind(rawValue: kindNumber) }
            if float != nil { return .float }
            if integer != nil { return .integer }
            if string != nil { return .string }
            if tensor != nil { return .tensor }
            if !graph.isEmpty { return .graph }
            if !floats.isEmpty { return .floats }
            if !integers.isEmpty { return .integers }
            if !strings.isEmpty { return .strings }
            if !tensors.isEmpty { return .tensors }
            if !graphs.isEmpty { return .graphs }
            if sparseTensor != nil { return .sparseTensor }
            if type != nil { return .type }
            return .undefined
        }
    }
}
