/// The one list of the daemon's metrics.
///
/// The first group carries TensorFlow Serving's names, labels, units and buckets, which dashboards query; its label sets
/// must not grow. What it lacks (version, signature, queue, state) is in the second group.
package final class ServingMetrics: Sendable {
    package let store: MetricStore

    // TensorFlow Serving's: latencies in microseconds.

    /// Finished requests; status is a canonical code's name.
    package let requestCount: MetricFamily<Counter>
    /// Successful requests; API is `predict`, `classify`, `regress` or empty, entrypoint `REST` or `GRPC`.
    package let requestLatency: MetricFamily<Histogram>
    /// Execution with the wait for a batch; API is `Predict`, `Classify` or `Regress`, runtime `TF1`.
    package let runtimeLatency: MetricFamily<Histogram>
    /// Examples a request (classify, regress).
    package let requestExampleCounts: MetricFamily<Histogram>
    package let requestExampleCountTotal: MetricFamily<Counter>
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
    /// Summed duration of loads.
    package let loadLatency: MetricFamily<Counter>

    // Our own: durations in seconds.

    package let requests: MetricFamily<Counter>
    package let requestSeconds: MetricFamily<Histogram>
    package let inferenceSeconds: MetricFamily<Histogram>
    package let batchRows: MetricFamily<Histogram>
    package let queueDepth: MetricFamily<Gauge>
    /// Batches whose outputs could not be taken apart by rows.
    package let unsplitBatches: MetricFamily<Counter>
    package let modelState: MetricFamily<Gauge>
    package let modelMemory: MetricFamily<Gauge>
    /// Tries to load a version; outcome is `success` or `failure`.
    package let modelLoads: MetricFamily<Counter>
    package let modelLoadSeconds: MetricFamily<Histogram>
    package let openConnections: MetricFamily<Gauge>
    /// Connections by what became of them: `accepted`, and of those `refused` by a limit, `timed_out`, `failed_handshake`.
    package let connections: MetricFamily<Counter>
    /// Requests of every route by what became of them: `handled`, `refused` as no sound requests or by a limit, `abandoned`.
    package let httpRequests: MetricFamily<Counter>
    /// Bytes that were `received` and `sent`.
    package let httpBytes: MetricFamily<Counter>
    package let acceptPauses: MetricFamily<Counter>
    package let droppedLogRecords: MetricFamily<Counter>
    /// Requests for the request log: `written`, `dropped` as it was slow or full, `too_large`, `unwritable`.
    package let requestLogRecords: MetricFamily<Counter>
    package let buildInfo: MetricFamily<Gauge>

    package init(store: MetricStore = MetricStore()) {
        self.store = store
        func serving(_ name: String, _ labels: String...) -> MetricDescription {
            MetricDescription("/tensorflow/\(name)", labels: labels, help: "", dialect: .tensorFlowServing)
        }
        let microseconds = HistogramBuckets.exponential(scale: 10, growth: 1.8, count: 33)
        let queueing = HistogramBuckets.exponential(scale: 100, growth: 1.2, count: 52)
        let sizes = HistogramBuckets.exponential(scale: 1, growth: 2, count: 14)
        requestCount = store.counter(serving("serving/request_count", "model_name", "status"))
        requestLatency = store.histogram(
            serving("serving/request_latency", "model_name", "API", "entrypoint"), microseconds)
        runtimeLatency = store.histogram(serving("serving/runtime_latency", "model_name", "API", "runtime"), microseconds)
        requestExampleCounts = store.histogram(
            serving("serving/request_example_counts", "model"), .exponential(scale: 1, growth: 2, count: 15))
        requestExampleCountTotal = store.counter(serving("serving/request_example_count_total", "model"))
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
        let seconds = HistogramBuckets.exponential(scale: 1e-5, growth: 2, count: 24)
        requests = store.counter(
            MetricDescription(
                "apus_requests_total", labels: signature + ["status"],
                help: "Finished prediction requests by canonical status code."))
        requestSeconds = store.histogram(
            MetricDescription(
                "apus_request_seconds", labels: signature,
                help: "Time from a whole request received to its answer ready to be written, successes only."), seconds)
        inferenceSeconds = store.histogram(
            MetricDescription(
                "apus_inference_seconds", labels: signature, help: "Execution of one batch, without its wait."), seconds)
        batchRows = store.histogram(
            MetricDescription("apus_batch_rows", labels: signature, help: "Rows of each executed batch, without padding."),
            sizes)
        queueDepth = store.gauge(
            MetricDescription("apus_queue_depth", labels: signature, help: "Rows that wait for a batch."))
        unsplitBatches = store.counter(
            MetricDescription(
                "apus_unsplit_batches_total", labels: signature,
                help: "Batches whose outputs did not have a row for each request row; the signature's requests then run alone."))
        modelState = store.gauge(
            MetricDescription(
                "apus_model_state", labels: ["model", "version", "state"],
                help: "1 for the state that a version is in, 0 for the others."))
        modelMemory = store.gauge(
            MetricDescription(
                "apus_model_memory_bytes", labels: ["model", "version"], help: "Memory that a loaded version holds."))
        modelLoads = store.counter(
            MetricDescription(
                "apus_model_loads_total", labels: ["model", "outcome"],
                help: "Tries to load a version that have ended: success or failure."))
        modelLoadSeconds = store.histogram(
            MetricDescription(
                "apus_model_load_seconds", labels: ["model"], help: "Time of each try to load a version, warm-up included."),
            .exponential(scale: 1e-3, growth: 2, count: 20))
        openConnections = store.gauge(MetricDescription("apus_connections_open", help: "Open client connections."))
        connections = store.counter(
            MetricDescription(
                "apus_connections_total", labels: ["outcome"],
                help: "Connections accepted, and of those refused by a limit, timed out, or failed in the TLS handshake."))
        httpRequests = store.counter(
            MetricDescription(
                "apus_http_requests_total", labels: ["outcome"],
                help: "Requests of every route: handled, refused without a handler, abandoned by their client."))
        httpBytes = store.counter(
            MetricDescription("apus_http_bytes_total", labels: ["direction"], help: "Bytes received from and sent to clients."))
        acceptPauses = store.counter(
            MetricDescription("apus_accept_pauses_total", help: "Times that accepting paused for want of file descriptors."))
        droppedLogRecords = store.counter(
            MetricDescription(
                "apus_access_log_dropped_total", help: "Records of the access log that were dropped as its destination was slow."))
        requestLogRecords = store.counter(
            MetricDescription(
                "apus_request_log_records_total", labels: ["outcome"],
                help: "Requests sampled for the request log by what became of their records."))
        buildInfo = store.gauge(
            MetricDescription(
                "apus_build_info", labels: ["version", "swift", "isa"], help: "1, labelled with what is running."))
    }
}

/// Series end with what they describe: each metric holds a bounded number of them.
extension ServingMetrics {
    /// Removes the series that are labelled with a version, of every signature, status and state.
    package func removeVersions(where isGone: (_ model: String, _ version: String) -> Bool) {
        // The labels of each of these begin with model and version.
        for counters in [requests, unsplitBatches] { counters.removeCells { isGone($0[0], $0[1]) } }
        for histograms in [requestSeconds, inferenceSeconds, batchRows] { histograms.removeCells { isGone($0[0], $0[1]) } }
        for gauges in [queueDepth, modelState, modelMemory] { gauges.removeCells { isGone($0[0], $0[1]) } }
    }

    /// Removes the series that are labelled with a model alone.
    package func removeModels(where isGone: (_ model: String) -> Bool) {
        for counters in [requestCount, requestExampleCountTotal, modelLoads] { counters.removeCells { isGone($0[0]) } }
        for histograms in [requestLatency, runtimeLatency, requestExampleCounts, modelLoadSeconds] {
            histograms.removeCells { isGone($0[0]) }
        }
    }
}
