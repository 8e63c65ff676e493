package import ProtobufWire

extension TensorFlow {
    /// A recorded request: which call, of which signature, with what.
    ///
    /// Source: tensorflow_serving/apis/prediction_log.proto. Responses and the log's metadata are not read.
    package struct PredictionLog: WireMessage {
        package private(set) var predict: LogEntry<PredictRequest>?
        package private(set) var classify: LogEntry<ExamplesRequest>?
        package private(set) var regress: LogEntry<ExamplesRequest>?
        package private(set) var multiInference: LogEntry<MultiInferenceRequest>?
        /// The field of a log whose call cannot be made again: 5 `session_run_log`, 7 `predict_streamed_log`.
        package private(set) var unsupportedField: Int?

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 2: try reader.merge(field, "classify_log", into: &classify)
            case 3: try reader.merge(field, "regress_log", into: &regress)
            case 4: try reader.merge(field, "multi_inference_log", into: &multiInference)
            case 6: try reader.merge(field, "predict_log", into: &predict)
            case 5, 7:
                unsupportedField = field.number
                try reader.skip(field)
            default: try reader.skip(field)
            }
        }
    }

    /// `PredictLog` and its like: the request is in field 1.
    package struct LogEntry<Request: WireMessage>: WireMessage {
        package private(set) var request: Request?

        package init() {}

        package mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 1 { try reader.merge(field, "request", into: &request) } else { try reader.skip(field) }
        }
    }
}
