import ProtobufWire
import ServableCore
import TensorCodecs
import Tensors

/// The messages of a recorded request, as far as they are read; see `PredictionLogMessage`.
struct PredictionLog: WireMessage {
    var predict: PredictLog?

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 6: try reader.merge(field, "predict_log", into: &predict)
        default: try reader.skip(field)
        }
    }
}

struct PredictLog: WireMessage {
    var request: PredictRequest?

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try reader.merge(field, "request", into: &request)
        default: try reader.skip(field)
        }
    }
}

struct PredictRequest: WireMessage {
    var spec: ModelSpec?
    var inputs: [NamedTensor] = []
    var outputFilter: [String] = []

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: try reader.merge(field, "model_spec", into: &spec)
        case 2: try reader.append(field, "inputs", to: &inputs)
        case 3: outputFilter.append(try reader.string(field))
        default: try reader.skip(field)
        }
    }
}

struct ModelSpec: WireMessage {
    var name = ""
    var signature = ""

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 3: signature = try reader.string(field)
        default: try reader.skip(field)
        }
    }
}

struct NamedTensor: WireMessage {
    var name = ""
    var tensor: RecordedTensor?

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: name = try reader.string(field)
        case 2: try reader.merge(field, "value", into: &tensor)
        default: try reader.skip(field)
        }
    }
}

/// A `TensorProto` whose elements are in `tensor_content`, or strings.
struct RecordedTensor: WireMessage {
    private var type: UInt64 = 0
    private var shape: RecordedShape?
    private var content: Range<Int>?
    private var strings: [Range<Int>] = []
    private var hasTypedValues = false

    init() {}

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: type = try reader.uint64(field)
        case 2: try reader.merge(field, "tensor_shape", into: &shape)
        case 4: content = try reader.range(field)
        case 8: strings.append(try reader.range(field))
        case 5, 6, 7, 9, 10, 11, 12, 13, 16, 17:
            hasTypedValues = true
            try reader.skip(field)
        default: try reader.skip(field)
        }
    }

    func value(_ bytes: UnsafeRawBufferPointer) throws -> TensorValue {
        guard let elementType = ElementType.allCases.first(where: { $0.dataTypeNumber == type }),
            let shape = Shape(checking: self.shape?.extents.map { Int(clamping: $0) } ?? [])
        else { throw ServableError(.invalidArgument, "a tensor has the type number \(type) or a shape that cannot be") }
        guard elementType != .string else {
            guard strings.count == shape.elementCount else {
                throw ServableError(.invalidArgument, "a tensor of strings has \(strings.count) of them for the shape \(shape)")
            }
            return .strings(StringTensor(shape: shape, elements: strings.map { unsafe Array(bytes[$0]) }))
        }
        guard !hasTypedValues else {
            throw ServableError(.unimplemented, "a tensor has its elements in a typed field; Apus replays those in tensor_content")
        }
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[content ?? 0..<0])
        return .dense(try unsafe NumPyArray.read(elements: data, TensorSpec(elementType, shape)))
    }
}

private struct RecordedShape: WireMessage {
    var extents: [Int64] = []

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        guard field.number == 2 else { return try reader.skip(field) }
        var dimension: RecordedDimension?
        try reader.merge(field, "dim", into: &dimension)
        extents.append(dimension?.size ?? 0)
    }
}

private struct RecordedDimension: WireMessage {
    var size: Int64 = 0

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
        switch field.number {
        case 1: size = try reader.int64(field)
        default: try reader.skip(field)
        }
    }
}
