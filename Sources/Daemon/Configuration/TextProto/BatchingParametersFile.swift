/// Reads `BatchingParameters`, the file of `--batching_parameters_file`.
///
/// Source: tensorflow_serving/servables/tensorflow/session_bundle_config.proto. What the file leaves out has TensorFlow
/// Serving's default, not ours: whoever brings such a file counts on it.
enum BatchingParametersFile {
    private static let fields: Set<String> = [
        "max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads", "thread_pool_name",
        "allowed_batch_sizes", "pad_variable_length_inputs", "enable_large_batch_splitting", "max_execution_batch_size",
    ]

    /// Values by key path.
    static func values(_ text: String, path: String) throws(TextProtoError) -> [String: LocatedText] {
        let parameters = try TextProtoFields(TextProtoParser.parse(text), type: "BatchingParameters", known: fields)
        try refuseUnsupported(parameters)
        let maxBatchSize = try parameters.wrappedInteger("max_batch_size") ?? 1_000
        if let execution = try parameters.wrappedInteger("max_execution_batch_size"), execution != maxBatchSize {
            throw TextProtoError(
                line: parameters.line("max_execution_batch_size"),
                message: "max_execution_batch_size is \(execution); expected max_batch_size, \(maxBatchSize), as requests are not split")
        }
        var values: [String: LocatedText] = [:]
        func set(_ key: String, _ field: String, _ value: String) {
            values[key] = LocatedText(text: value, origin: .file(path: path, line: parameters.line(field), column: nil))
        }
        set("batching.max_batch_size", "max_batch_size", "\(maxBatchSize)")
        set("batching.timeout", "batch_timeout_micros", "\(try parameters.wrappedInteger("batch_timeout_micros") ?? 0)us")
        set(
            "batching.max_queued_batches", "max_enqueued_batches", "\(try parameters.wrappedInteger("max_enqueued_batches") ?? 10)")
        let allowed = try parameters.integers("allowed_batch_sizes")
        set("batching.allowed_sizes", "allowed_batch_sizes", allowed.map(String.init).joined(separator: ","))
        if let threads = try parameters.wrappedInteger("num_batch_threads") {
            set("engine.lanes", "num_batch_threads", "\(threads)")
        }
        return values
    }

    private static func refuseUnsupported(_ parameters: TextProtoFields) throws(TextProtoError) {
        if try parameters.boolean("pad_variable_length_inputs") ?? false {
            throw TextProtoError(
                line: parameters.line("pad_variable_length_inputs"),
                message: "pad_variable_length_inputs is not supported; requests of different shapes run in different batches")
        }
        if try parameters.wrappedBoolean("enable_large_batch_splitting") ?? false {
            throw TextProtoError(
                line: parameters.line("enable_large_batch_splitting"),
                message: "enable_large_batch_splitting is not supported; a request above max_batch_size runs alone, in one piece")
        }
    }
}
