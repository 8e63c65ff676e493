import Batching
import ModelServing

/// Reads `BatchingParameters`, the file of `--batching_parameters_file`.
///
/// Source: tensorflow_serving/servables/tensorflow/session_bundle_config.proto. What the file leaves out has TensorFlow
/// Serving's default, not ours: whoever brings such a file counts on it.
enum BatchingParametersFile {
    private static let fields: Set<String> = [
        "max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads", "thread_pool_name",
        "allowed_batch_sizes", "pad_variable_length_inputs", "enable_large_batch_splitting", "max_execution_batch_size",
    ]

    /// What a file says, with TensorFlow Serving's defaults for what it leaves out.
    private struct Parameters {
        let maxBatchSize: Int64
        let timeoutMicroseconds: Int64
        let maxQueuedBatches: Int64
        let allowedSizes: [Int64]
        let threadCount: Int64?
        let splitsLargeRequests: Bool
        let fields: TextProtoFields

        init(_ text: String) throws(TextProtoError) {
            fields = try TextProtoFields(TextProtoParser.parse(text), type: "BatchingParameters", known: BatchingParametersFile.fields)
            if try fields.boolean("pad_variable_length_inputs") ?? false {
                throw TextProtoError(
                    line: fields.line("pad_variable_length_inputs"),
                    message: "pad_variable_length_inputs is not supported; requests of different shapes run in different batches")
            }
            splitsLargeRequests = try fields.wrappedBoolean("enable_large_batch_splitting") ?? false
            let largest = try fields.wrappedInteger("max_batch_size") ?? 1_000
            let execution = try fields.wrappedInteger("max_execution_batch_size") ?? largest
            guard execution == largest || splitsLargeRequests && execution < largest else {
                throw TextProtoError(
                    line: fields.line("max_execution_batch_size"),
                    message: "max_execution_batch_size is \(execution); expected max_batch_size, \(largest)"
                        + (splitsLargeRequests ? ", or less" : ", or less with enable_large_batch_splitting"))
            }
            // A larger request runs alone, which gives the same result as to split it and join the parts.
            maxBatchSize = execution
            timeoutMicroseconds = try fields.wrappedInteger("batch_timeout_micros") ?? 0
            maxQueuedBatches = try fields.wrappedInteger("max_enqueued_batches") ?? 10
            allowedSizes = try fields.integers("allowed_batch_sizes")
            threadCount = try fields.wrappedInteger("num_batch_threads")
        }
    }

    /// Values by key path.
    static func values(_ text: String, path: String) throws(TextProtoError) -> [String: LocatedText] {
        let parameters = try Parameters(text)
        var values: [String: LocatedText] = [:]
        func set(_ key: String, _ field: String, _ value: String) {
            values[key] = LocatedText(text: value, origin: .file(path: path, line: parameters.fields.line(field), column: nil))
        }
        set("batching.max_batch_size", "max_batch_size", "\(parameters.maxBatchSize)")
        set("batching.timeout", "batch_timeout_micros", "\(parameters.timeoutMicroseconds)us")
        set("batching.max_queued_batches", "max_enqueued_batches", "\(parameters.maxQueuedBatches)")
        set("batching.allowed_sizes", "allowed_batch_sizes", parameters.allowedSizes.map(String.init).joined(separator: ","))
        set("batching.refuse_oversize", "enable_large_batch_splitting", "\(!parameters.splitsLargeRequests)")
        if let threads = parameters.threadCount { set("engine.lanes", "num_batch_threads", "\(threads)") }
        return values
    }

    /// Batching of one version, by the file in its folder; how many threads there are is not the version's to say.
    static func settings(_ text: String) throws(TextProtoError) -> BatchingSettings {
        let parameters = try Parameters(text)
        func fault(_ field: String, _ message: String) -> TextProtoError {
            TextProtoError(line: parameters.fields.line(field), message: message)
        }
        let limit = Int64(1_000_000)
        for (field, value) in [("max_batch_size", parameters.maxBatchSize), ("max_enqueued_batches", parameters.maxQueuedBatches)]
        where value > limit {
            throw fault(field, "\(field) is \(value); expected at most \(limit)")
        }
        guard (0...3_600_000_000).contains(parameters.timeoutMicroseconds) else {
            throw fault(
                "batch_timeout_micros", "batch_timeout_micros is \(parameters.timeoutMicroseconds); expected 0 to 3600000000, an hour")
        }
        do throws(BatchPolicyError) {
            return BatchingSettings(
                policy: try BatchPolicy(
                    maxBatchSize: Int(parameters.maxBatchSize), timeout: .microseconds(parameters.timeoutMicroseconds),
                    allowedSizes: parameters.allowedSizes.map { Int(clamping: $0) },
                    maxQueuedBatches: Int(parameters.maxQueuedBatches), allowsOversize: parameters.splitsLargeRequests))
        } catch {
            throw fault("max_batch_size", error.description)
        }
    }
}
