import GraphIR
import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages
import Tensors

/// A request and its response as TensorFlow Serving's `PredictionLog`.
///
/// Source: tensorflow_serving/apis: prediction_log.proto (PredictionLog, PredictLog), predict.proto, model.proto (ModelSpec),
/// tensorflow_serving/core/logging.proto (LogMetadata), config/logging_config.proto (SamplingConfig).
enum PredictionLogMessage {
    static func bytes(_ call: RecordedCall) throws(ServableError) -> [UInt8] {
        let values = call.inputs.values
        // The messages are views of these until they are written.
        defer { withExtendedLifetime(values) {} }
        var request = WireAssembly(), response = WireAssembly()
        request.append(field(1, modelSpec(call.target)))
        for (parameter, value) in zip(call.parameters, values) {
            try append(ValueView(value), parameter.name, field: 2, to: &request)
        }
        if call.target.isFiltered {
            var filter = WireWriter()
            for output in call.target.outputs { filter.string(3, output.name) }
            request.append(filter)
        }
        for (index, parameter) in call.target.outputs.enumerated() where index < call.outputs.count {
            try append(call.outputs[index], parameter.name, field: 1, to: &response)
        }
        response.append(field(2, modelSpec(call.target)))
        var log = WireWriter()
        log.message(1, metadata(call))
        log.message(6) { predict in
            predict.delimited(1, request.message)
            predict.delimited(2, response.message)
        }
        return log.bytes
    }

    private static func append(
        _ value: ValueView, _ name: String, field number: Int, to message: inout WireAssembly
    ) throws(ServableError) {
        do throws(TensorMessageError) {
            // What the view is of outlives the message.
            try unsafe TensorMessageWriter(value, .content, name: name).append(to: &message, field: number, key: name)
        } catch {
            throw ServableError(.unimplemented, error.reason)
        }
    }

    private static func field(_ number: Int, _ value: WireWriter) -> WireWriter {
        var field = WireWriter()
        field.message(number, value)
        return field
    }

    private static func modelSpec(_ target: CallableSignature) -> WireWriter {
        TensorFlow.ModelSpec(name: target.id.name, version: target.id.version, signatureName: target.name).message
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
