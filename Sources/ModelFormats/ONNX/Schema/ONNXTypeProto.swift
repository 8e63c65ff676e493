import ProtobufWire

extension ONNX {
    /// `TypeProto`: what a value is.
    struct ValueType: WireMessage, CustomStringConvertible {
        enum Kind: String {
            case none, tensor, sequence, map, optional, sparseTensor = "sparse tensor", opaque
        }

        var kind = Kind.none
        /// `elem_type` of a tensor, `key_type` of a map.
        var dataType: Int32 = 0
        /// nil when the tensor's rank is not known.
        var dimensions: [Dimension]?
        /// The type of a sequence's, map's or optional's elements; at most one, a list because types nest.
        var element: [ValueType] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try mergeBody(field, .tensor, "tensor_type", from: &reader)
            case 4: try mergeBody(field, .sequence, "sequence_type", from: &reader)
            case 5: try mergeBody(field, .map, "map_type", from: &reader)
            case 7: try mergeBody(field, .opaque, "opaque_type", from: &reader)
            case 8: try mergeBody(field, .sparseTensor, "sparse_tensor_type", from: &reader)
            case 9: try mergeBody(field, .optional, "optional_type", from: &reader)
            default: try reader.skip(field)
            }
        }

        /// The one-of's members have a common form: field 1 a type number (or, in a sequence and an optional, the element's
        /// type), field 2 the shape (or, in a map, the values' type).
        private mutating func mergeBody(
            _ field: WireField, _ kind: Kind, _ name: StaticString, from reader: inout WireReader
        ) throws(WireError) {
            if self.kind != kind { self = ValueType() }
            self.kind = kind
            var body = try reader.nested(field)
            do throws(WireError) {
                while let field = try body.nextField() { try mergeMember(field, from: &body) }
            } catch { throw error.nested(in: "\(name)") }
        }

        private mutating func mergeMember(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch (kind, field.number) {
            case (.tensor, 1), (.sparseTensor, 1), (.map, 1): dataType = try reader.int32(field)
            case (.tensor, 2), (.sparseTensor, 2):
                var shape: TensorShape? = TensorShape(dimensions: dimensions ?? [])
                try reader.merge(field, "shape", into: &shape)
                dimensions = shape?.dimensions
            case (.sequence, 1), (.optional, 1), (.map, 2):
                var merged = element.popLast()
                try reader.merge(field, "elem_type", into: &merged)
                if let merged { element = [merged] }
            default: try reader.skip(field)
            }
        }

        /// As ONNX's documents write types: `sequence(map(int64,tensor(float)))`.
        var description: String {
            let inner = element.first?.description ?? "?"
            switch kind {
            case .none: return "no type"
            case .tensor: return "tensor(\(DataType.name(of: dataType)))"
            case .sparseTensor: return "sparse_tensor(\(DataType.name(of: dataType)))"
            case .sequence: return "sequence(\(inner))"
            case .optional: return "optional(\(inner))"
            case .map: return "map(\(DataType.name(of: dataType)),\(inner))"
            case .opaque: return "opaque"
            }
        }
    }

    /// `TensorShapeProto`
    private struct TensorShape: WireMessage {
        var dimensions: [Dimension] = []

        init() {}
        init(dimensions: [Dimension]) { self.dimensions = dimensions }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "dim", to: &dimensions)
            default: try reader.skip(field)
            }
        }
    }

    /// `TensorShapeProto.Dimension`
    struct Dimension: WireMessage {
        var value: Int64?
        var parameter: String?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: (value, parameter) = (try reader.int64(field), nil)
            case 2: (value, parameter) = (nil, try reader.string(field))
            default: try reader.skip(field)
            }
        }
    }
}
