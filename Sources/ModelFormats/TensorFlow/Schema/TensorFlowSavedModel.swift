import ProtobufWire
import ServingMessages

extension TensorFlow {
    /// `SavedModel`
    struct SavedModel: WireMessage {
        var metaGraphs: [MetaGraph] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 2 { try reader.append(field, "meta_graphs", to: &metaGraphs) } else { try reader.skip(field) }
        }
    }

    /// `MetaGraphDef`
    struct MetaGraph: WireMessage {
        var information: Information?
        var graph: Graph?
        var saver: Saver?
        var collections: [MapEntry<Collection>] = []
        var signatures: [MapEntry<Signature>] = []
        var assets: [Asset] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "meta_info_def", into: &information)
            case 2: try reader.merge(field, "graph_def", into: &graph)
            case 3: try reader.merge(field, "saver_def", into: &saver)
            case 4: try reader.append(field, "collection_def", to: &collections)
            case 5: try reader.append(field, "signature_def", to: &signatures)
            case 6: try reader.append(field, "asset_file_def", to: &assets)
            default: try reader.skip(field)
            }
        }

        func collection(_ name: String) -> Collection? { collections.last { $0.key == name }?.value }
    }

    /// `MetaInfoDef`
    struct Information: WireMessage {
        var definitions: [Definition] = []
        var tags: [String] = []
        var version = ""

        private struct List: WireMessage {
            var definitions: [Definition] = []

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 1 { try reader.append(field, "op", to: &definitions) } else { try reader.skip(field) }
            }
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 2:
                var list: List?
                try reader.merge(field, "stripped_op_list", into: &list)
                definitions += list?.definitions ?? []
            case 4: tags.append(try reader.string(field))
            case 5: version = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `SaverDef`
    struct Saver: WireMessage {
        var fileName = ""
        var restore = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: fileName = try reader.string(field)
            case 3: restore = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `CollectionDef`
    struct Collection: WireMessage {
        /// `node_list`
        var names: NodeList?
        /// `any_list`: where the packed messages lie in the file.
        var messages: MessageList?

        struct NodeList: WireMessage {
            var names: [String] = []

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 1 { names.append(try reader.string(field)) } else { try reader.skip(field) }
            }
        }

        /// A list of `google.protobuf.Any`.
        struct MessageList: WireMessage {
            var values: [PackedMessage] = []

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 1 { try reader.append(field, "value", to: &values) } else { try reader.skip(field) }
            }
        }

        struct PackedMessage: WireMessage {
            var range: Range<Int>?

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                if field.number == 2 { range = try reader.range(field) } else { try reader.skip(field) }
            }
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "node_list", into: &names)
            case 5: try reader.merge(field, "any_list", into: &messages)
            default: try reader.skip(field)
            }
        }
    }

    /// `SignatureDef`
    struct Signature: WireMessage {
        var inputs: [MapEntry<TensorInfo>] = []
        var outputs: [MapEntry<TensorInfo>] = []
        var method = ""
        var defaults: [MapEntry<Tensor>] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "inputs", to: &inputs)
            case 2: try reader.append(field, "outputs", to: &outputs)
            case 3: method = try reader.string(field)
            case 4: try reader.append(field, "defaults", to: &defaults)
            default: try reader.skip(field)
            }
        }
    }

    /// `TensorInfo`
    struct TensorInfo: WireMessage {
        var name = ""
        var dataType: Int32 = 0
        var shape: Shape?
        var sparse: SparseParts?
        var composite: CompositeParts?

        /// `TensorInfo.CooSparse`
        struct SparseParts: WireMessage {
            var values = ""
            var indices = ""
            var shape = ""

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                switch field.number {
                case 1: values = try reader.string(field)
                case 2: indices = try reader.string(field)
                case 3: shape = try reader.string(field)
                default: try reader.skip(field)
                }
            }
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: name = try reader.string(field)
            case 2: dataType = try reader.int32(field)
            case 3: try reader.merge(field, "tensor_shape", into: &shape)
            case 4: try reader.merge(field, "coo_sparse", into: &sparse)
            case 5: try reader.merge(field, "composite_tensor", into: &composite)
            default: try reader.skip(field)
            }
        }
    }

    /// `TensorInfo.CompositeTensor`
    struct CompositeParts: WireMessage {
        var parts: [Part] = []

        /// A `TensorInfo` inside another: of a tensor.
        struct Part: WireMessage {
            var name = ""
            var dataType: Int32 = 0
            var shape: Shape?

            mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
                switch field.number {
                case 1: name = try reader.string(field)
                case 2: dataType = try reader.int32(field)
                case 3: try reader.merge(field, "tensor_shape", into: &shape)
                default: try reader.skip(field)
                }
            }
        }

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 2 { try reader.append(field, "components", to: &parts) } else { try reader.skip(field) }
        }
    }

    /// `AssetFileDef`
    struct Asset: WireMessage {
        var tensor: TensorInfo?
        var fileName = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "tensor_info", into: &tensor)
            case 2: fileName = try reader.string(field)
            default: try reader.skip(field)
            }
        }
    }
}
