import GraphIR
import ModelServing
import ProtobufWire
import ServableCore
import Tensors

/// A request and its response as TensorFlow Serving's `PredictionLog`.
///
/// Source: tensorflow_serving/apis: prediction_log.proto (PredictionLog, PredictLog), predict.proto, model.proto (ModelSpec),
/// tensorflow_serving/core/logging.proto (LogMetadata), config/logging_config.proto (SamplingConfig).
enum PredictionLogMessage {
    static func bytes(_ call: RecordedCall) throws(ServableError) -> [UInt8] {
        var request = WireWriter(), response = WireWriter()
        request.message(1, modelSpec(call.target))
        for (parameter, value) in zip(call.parameters, call.inputs.values) {
            request.message(2, entry(parameter.name, try TensorProtoMessage.writer(value, parameter.name)))
        }
        if call.target.isFiltered { for output in call.target.outputs { request.string(3, output.name) } }
        for (index, parameter) in call.target.outputs.enumerated() where index < call.outputs.count {
            response.message(1, entry(parameter.name, try output(call.outputs[index], parameter.name)))
        }
        response.message(2, modelSpec(call.target))
        var log = WireWriter()
        log.message(1, metadata(call))
        log.message(6) { predict in
            predict.message(1, request)
            predict.message(2, response)
        }
        return log.bytes
    }

    private static func output(_ value: ValueView, _ name: String) throws(ServableError) -> WireWriter {
        switch value {
        case .dense(let view): return try TensorProtoMessage.writer(view, name)
        case .object(let value): return try TensorProtoMessage.writer(value, name)
        }
    }

    /// An entry of a map from names to tensors.
    private static func entry(_ name: String, _ tensor: WireWriter) -> WireWriter {
        var entry = WireWriter()
        entry.string(1, name)
        entry.message(2, tensor)
        return entry
    }

    /// ModelSpec: name 1, version 2 (Int64Value), signature_name 3.
    private static func modelSpec(_ target: CallableSignature) -> WireWriter {
        var spec = WireWriter()
        spec.string(1, target.id.name)
        spec.message(2) { $0.integer(1, target.id.version) }
        spec.string(3, target.name)
        return spec
    }

    /// LogMetadata: model_spec 1, sampling_config 2 (sampling_rate 1), timestamp_secs 4.
    private static func metadata(_ call: RecordedCall) -> WireWriter {
        var metadata = WireWriter()
        metadata.message(1, modelSpec(call.target))
        metadata.message(2) { $0.double(1, call.samplingRate) }
        metadata.integer(4, call.time.microsecondsSinceEpoch / 1_000_000)
        return metadata
    }
}

/// TensorFlow's `TensorProto`: dtype 1, tensor_shape 2 (dim 2 (size 1)), tensor_content 4, string_val 8.
enum TensorProtoMessage {
    /// - Throws: for what no `TensorProto` holds; `name` is the input's or output's.
    static func writer(_ value: RuntimeValue, _ name: String) throws(ServableError) -> WireWriter {
        switch value {
        case .tensor(let tensor):
            defer { withExtendedLifetime(tensor) {} }
            return try writer(tensor.view, name)
        case .strings(let strings):
            var message = try start(TensorSpec(.string, strings.shape), name)
            for element in strings.elements { message.delimited(8, element) }
            return message
        default: throw ServableError(.unimplemented, "\"\(name)\" is \(value.kind), which no TensorProto holds")
        }
    }

    static func writer(_ view: TensorView, _ name: String) throws(ServableError) -> WireWriter {
        var message = try start(view.spec, name)
        unsafe message.delimited(4, view.bytes)
        return message
    }

    private static func start(_ spec: TensorSpec, _ name: String) throws(ServableError) -> WireWriter {
        guard let number = spec.elementType.dataTypeNumber else {
            throw ServableError(.unimplemented, "\"\(name)\" is \(spec), for which Apus writes no TensorProto")
        }
        var message = WireWriter()
        message.varint(1, number)
        message.message(2) { shapeMessage in
            for extent in spec.shape.extents { shapeMessage.message(2) { $0.integer(1, Int64(extent)) } }
        }
        return message
    }
}

extension ElementType {
    /// The number of the type in `tensorflow.DataType`; nil for those of 8 bits and fewer that are no integers of 8 bits.
    var dataTypeNumber: UInt64? {
        switch self {
        case .float32: 1
        case .float64: 2
        case .int32: 3
        case .uint8: 4
        case .int16: 5
        case .int8: 6
        case .string: 7
        case .complex64: 8
        case .int64: 9
        case .bool: 10
        case .bfloat16: 14
        case .uint16: 17
        case .complex128: 18
        case .float16: 19
        case .uint32: 22
        case .uint64: 23
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0, .float4e2m1, .int4, .uint4, .int2, .uint2: nil
        }
    }
}
