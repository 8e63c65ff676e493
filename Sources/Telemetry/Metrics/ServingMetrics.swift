/// The metrics that are counted as things happen: the one list of them. What is kept elsewhere and asked for at each reading (queues,
/// connections, the process) is added to `store` by whoever has it.
///
/// The first group carries TensorFlow Serving's names, labels, units and buckets, which dashboards query; its label sets
/// must not grow. What it lacks (version, signature, stage) is in the second group.
package final class ServingMetrics: Sendable {
    package let store: MetricStore

    // TensorFlow Serving's: latencies are counted in nanoseconds and shown in microseconds.

    /// Finished requests; status is a canonical code's name.
    package let requestCount: MetricFamily<Counter>
    /// Successful requests; API is `predict`, `classify`, `regress` or empty, entrypoint `REST` or `GRPC`.
    package let requestLatency: MetricFamily<Histogram>
    /// Execution with the wait for a batch; API is `Predict`, `Classify` or `Regress`, runtime `TF1`.
    package let runtimeLatency: MetricFamily<Histogram>
    /// Examples a request (classify, regress).
    package let requestExampleCounts: MetricFamily<Histogram>
    package let requestExampleCountTotal: MetricFamily<Counter>
    /// Requests written to the request log.
    package let requestLogCount: MetricFamily<Counter>
    package let modelWarmupLatency: MetricFamily<Histogram>
    package let modelWarmupRecordsRead: MetricFamily<Counter>
    /// Wait of each task in its queue; the label is empty.
    package let batchQueuingLatency: MetricFamily<Histogram>
    /// Batches run.
    package let batchRunCount: MetricFamily<Counter>
    /// Rows added to reach the executed size.
    package let batchPaddingSize: MetricFamily<Histogram>
    /// Rows of each input tensor of each request.
    package let batchInputSize: MetricFamily<Histogram>
    /// Rows executed, padding included.
    package let batchProcessedSize: MetricFamily<Histogram>
    /// Loads of a version; status is `success` or `fail`.
    package let loadAttemptCount: MetricFamily<Counter>
    /// Summed duration of loads in microseconds.
    package let loadLatency: MetricFamily<Counter>

    // Our own: durations are counted in nanoseconds and shown in seconds.

    package let requests: MetricFamily<Counter>
    package let requestSeconds: MetricFamily<Histogram>
    package let stageSeconds: MetricFamily<Histogram>
    package let inferenceSeconds: MetricFamily<Histogram>
    package let batchRows: MetricFamily<Histogram>
    /// Rows of padding in executed batches.
    package let batchPaddingRows: MetricFamily<Counter>
    /// Batches whose outputs could not be taken apart by rows.
    package let unsplitBatches: MetricFamily<Counter>
    /// Tries to load a version; outcome is `success`, `failure` or `cancelled`.
    package let modelLoads: MetricFamily<Counter>
    package let modelLoadSeconds: MetricFamily<Histogram>
    /// Requests for the request log: `written`, `dropped` as it was slow or full, `too_large`, `unwritable`.
    package let requestLogRecords: MetricFamily<Counter>

    package init(store: MetricStore = MetricStore()) {
        self.store = store
        func serving(_ name: String, _ labels: String...) -> MetricDescription {
            MetricDescription("/tensorflow/\(name)", labels: labels, help: "", dialect: .tensorFlowServing)
        }
        let microseconds = HistogramBuckets.exponential(scale: 10, growth: 1.8, count: 33, unit: 1e3)
        let queueing = HistogramBuckets.exponential(scale: 100, growth: 1.2, count: 52, unit: 1e3)
        let sizes = HistogramBuckets.exponential(scale: 1, growth: 2, count: 14)
        requestCount = store.counter(serving("serving/request_count", "model_name", "status"))
        requestLatency = store.histogram(
            serving("serving/request_latency", "model_name", "API", "entrypoint"), microseconds)
        runtimeLatency = store.histogram(serving("serving/runtime_latency", "model_name", "API", "runtime"), microseconds)
        requestExampleCounts = store.histogram(
            serving("serving/request_example_counts", "model"), .exponential(scale: 1, growth: 2, count: 15))
        requestExampleCountTotal = store.counter(serving("serving/request_example_count_total", "model"))
        requestLogCount = store.counter(serving("serving/request_log_count", "model_name", "status_code"))
        modelWarmupLatency = store.histogram(
            serving("serving/model_warmup_latency", "model_path", "status"), microseconds)
        modelWarmupRecordsRead = store.counter(serving("serving/model_warmup_records_read", "model_path", "status"))
        batchQueuingLatency = store.histogram(
            serving("serving/batching_session/queuing_latency", "thread_pool_name"), queueing)
        batchRunCount = store.counter(serving("serving/batching_session/wrapped_run_count"))
        batchPaddingSize = store.histogram(serving("serving/batching_session/padding_size", "execution_batch_size"), sizes)
        batchInputSize = store.histogram(serving("serving/batching_session/input_batch_size"), sizes)
        batchProcessedSize = store.histogram(serving("serving/batching_session/processed_batch_size"), sizes)
        loadAttemptCount = store.counter(serving("cc/saved_model/load_attempt_count", "model_path", "status"))
        loadLatency = store.counter(serving("cc/saved_model/load_latency", "model_path"))

        let signature = ["model", "version", "signature"]
        let seconds = HistogramBuckets.exponential(scale: 1e-5, growth: 2, count: 24, unit: 1e9)
        let stages = HistogramBuckets.exponential(scale: 1e-6, growth: 2, count: 25, unit: 1e9)
        requests = store.counter(
            MetricDescription(
                "apus_requests_total", labels: signature + ["status"],
                help: "Finished prediction requests by canonical status code."))
        requestSeconds = store.histogram(
            MetricDescription(
                "apus_request_seconds", labels: signature,
                help: "Time from a whole request received to its answer ready to be written, successes only."), seconds)
        stageSeconds = store.histogram(
            MetricDescription(
                "apus_stage_seconds", labels: signature + ["stage"],
                help:
                    "Time that successful requests spent in each stage: read (first byte to whole request), parse, queue, assemble, run, encode, write (answer ready to last byte sent)."
            ), stages)
        inferenceSeconds = store.histogram(
            MetricDescription(
                "apus_inference_seconds", labels: signature, help: "Execution of one batch, without its wait."), seconds)
        batchRows = store.histogram(
            MetricDescription("apus_batch_rows", labels: signature, help: "Rows of each executed batch, without padding."),
            sizes)
        batchPaddingRows = store.counter(
            MetricDescription("apus_batch_padding_rows_total", labels: signature, help: "Rows of padding in executed batches."))
        unsplitBatches = store.counter(
            MetricDescription(
                "apus_unsplit_batches_total", labels: signature,
                help: "Batches whose outputs did not have a row for each request row; the signature's requests then run alone."))
        modelLoads = store.counter(
            MetricDescription(
                "apus_model_loads_total", labels: ["model", "outcome"],
                help: "Tries to load a version of a model: success, failure, or cancelled as it was no longer wanted."))
        modelLoadSeconds = store.histogram(
            MetricDescription("apus_model_load_seconds", labels: ["outcome"], help: "Duration of tries to load a version."),
            .exponential(scale: 1e-3, growth: 2, count: 20, unit: 1e9))
        requestLogRecords = store.counter(
            MetricDescription(
                "apus_request_log_records_total", labels: ["outcome"],
                help: "Requests sampled for the request log by what became of their records."))
    }
}

/// Series end with what they describe: each metric holds a bounded number of them.
extension ServingMetrics {
    /// Removes the series that are labelled with a version, of every signature, status and stage.
    package func removeVersions(where isGone: (_ model: String, _ version: String) -> Bool) {
        // The labels of each of these begin with model and version.
        for counters in [requests, unsplitBatches, batchPaddingRows] { counters.removeCells { isGone($0[0], $0[1]) } }
        for histograms in [requestSeconds, stageSeconds, inferenceSeconds, batchRows] {
            histograms.removeCells { isGone($0[0], $0[1]) }
        }
    }

    /// Removes the series that are labelled with the path of a version.
    package func removePaths(where isGone: (_ path: String) -> Bool) {
        for counters in [modelWarmupRecordsRead, loadAttemptCount, loadLatency] { counters.removeCells { isGone($0[0]) } }
        modelWarmupLatency.removeCells { isGone($0[0]) }
    }

    /// Removes the series that are labelled with a model alone.
    package func removeModels(where isGone: (_ model: String) -> Bool) {
        for counters in [requestCount, requestExampleCountTotal, requestLogCount, modelLoads] { counters.removeCells { isGone($0[0]) } }
        for histograms in [requestLatency, runtimeLatency, requestExampleCounts] { histograms.removeCells { isGone($0[0]) } }
    }
}
