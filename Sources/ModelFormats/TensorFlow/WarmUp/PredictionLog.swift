import ProtobufWire

/// What a warm-up record says: which call, of which signature, with what.
///
/// Source: tensorflow_serving/apis: prediction_log.proto, predict.proto, classification.proto, regression.proto, inference.proto,
/// input.proto, model.proto. Responses and the log's metadata are not read.
struct PredictionLog: WireMessage {
    private(set) var predict: Entry<PredictRequest>?
    private(set) var classify: Entry<ExamplesRequest>?
    private(set) var regress: Entry<ExamplesRequest>?
    private(set) var multiInference: Entry<MultiInferenceRequest>?
    /// The field of a log whose call cannot be made to warm up: 5 `session_run_log`, 7 `predict_streamed_log`.
    private(set) var unsupportedField: Int?

    mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
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

    /// `PredictLog` and its like: the request is in field 1.
    struct Entry<Request: WireMessage>: WireMessage {
        private(set) var request: Request?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 1 { try reader.merge(field, "request", into: &request) } else { try reader.skip(field) }
        }
    }

    /// `ModelSpec`, of which only the signature counts.
    struct ModelSpec: WireMessage {
        private(set) var signatureName = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 3 { signatureName = try reader.string(field) } else { try reader.skip(field) }
        }
    }

    /// `PredictRequest`
    struct PredictRequest: WireMessage {
        private(set) var model: ModelSpec?
        private(set) var inputs: [TensorFlow.MapEntry<TensorFlow.Tensor>] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "model_spec", into: &model)
            case 2: try reader.append(field, "inputs", to: &inputs)
            default: try reader.skip(field)
            }
        }
    }

    /// `ClassificationRequest` and `RegressionRequest`
    struct ExamplesRequest: WireMessage {
        private(set) var model: ModelSpec?
        private(set) var input: Input?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "model_spec", into: &model)
            case 2: try reader.merge(field, "input", into: &input)
            default: try reader.skip(field)
            }
        }
    }

    /// `MultiInferenceRequest`
    struct MultiInferenceRequest: WireMessage {
        private(set) var tasks: [Task] = []
        private(set) var input: Input?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "tasks", to: &tasks)
            case 2: try reader.merge(field, "input", into: &input)
            default: try reader.skip(field)
            }
        }
    }

    /// `InferenceTask`
    struct Task: WireMessage {
        private(set) var model: ModelSpec?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            if field.number == 1 { try reader.merge(field, "model_spec", into: &model) } else { try reader.skip(field) }
        }
    }

    /// `Input`: a list of examples, with or without what all of them share.
    struct Input: WireMessage {
        private(set) var list: Examples?
        private(set) var listWithContext: Examples?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.merge(field, "example_list", into: &list)
            case 2: try reader.merge(field, "example_list_with_context", into: &listWithContext)
            default: try reader.skip(field)
            }
        }
    }

    /// `ExampleList` and `ExampleListWithContext`: where the serialized examples lie in the file.
    struct Examples: WireMessage {
        private(set) var examples: [Range<Int>] = []
        private(set) var context: Range<Int>?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: examples.append(try reader.range(field))
            case 2: context = try reader.range(field)
            default: try reader.skip(field)
            }
        }
    }
}
