import Telemetry
import Testing

@Suite("Serving metrics")
struct ServingMetricsTests {
    @Test("every metric of TensorFlow Serving's serving layer is announced, before any request")
    func announces() {
        let text = PrometheusText.render(ServingMetrics().store)
        let announced = [
            "request_count counter", "request_latency histogram", "runtime_latency histogram",
            "request_example_counts histogram", "request_example_count_total counter", "request_log_count counter",
            "model_warmup_latency histogram",
            "model_warmup_records_read counter", "batching_session:queuing_latency histogram",
            "batching_session:wrapped_run_count counter", "batching_session:padding_size histogram",
            "batching_session:input_batch_size histogram", "batching_session:processed_batch_size histogram",
        ]
        for metric in announced {
            #expect(text.contains("# TYPE :tensorflow:serving:\(metric)\n"), "\(metric)")
        }
    }

    @Test("every metric of our own has a help line")
    func helps() {
        let text = PrometheusText.render(ServingMetrics().store)
        let own = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE apus_") }
        #expect(!own.isEmpty)
        for line in own {
            let name = line.split(separator: " ")[2]
            let help = text.split(separator: "\n").first { $0.hasPrefix("# HELP \(name) ") }
            #expect(help?.hasSuffix(".") == true, "\(name)")
        }
    }

    @Test("a removed version takes all its series along and leaves those of its model and of other versions")
    func removesVersions() {
        let metrics = ServingMetrics()
        for version in [3, 4] as [Int64] {
            let handles = Self.handles(metrics, version: version)
            handles.countTask(rowCount: 2, inputCount: 1, waited: 1)
            handles.countBatch(rowCount: 2, executedRowCount: 4, nanoseconds: 1)
            handles.countSuccess(.predict, nanoseconds: 1, .init(read: 1, parse: 1, queue: 1, assemble: 1, run: 1, encode: 1))
            handles.countFailure(status: "INTERNAL")
            handles.countUnsplitBatch()
            handles.countWrite(nanoseconds: 1)
        }
        metrics.removeVersions { $0 == "digits" && $1 == "3" }
        let text = PrometheusText.render(metrics.store)
        #expect(!text.contains("version=\"3\""))
        #expect(text.split(separator: "\n").count { $0.contains("version=\"4\"") && !$0.contains("_bucket") } == 4 + 2 * (3 + 7))
        #expect(text.contains(#":tensorflow:serving:request_count{model_name="digits",status="OK"} 2"#))
    }

    @Test("a removed path takes its series along and leaves those of other paths")
    func removesPaths() {
        let metrics = ServingMetrics()
        for path in ["/m/1", "/m/2"] {
            metrics.loadAttemptCount.cell(path, "success").increment()
            metrics.loadLatency.cell(path).increment(by: 5)
            metrics.modelWarmupLatency.cell(path, "OK").observe(1)
            metrics.modelWarmupRecordsRead.cell(path, "OK").increment()
        }
        metrics.removePaths { $0 == "/m/1" }
        let text = PrometheusText.render(metrics.store)
        #expect(!text.contains("/m/1"))
        #expect(text.split(separator: "\n").count { $0.contains("/m/2") && !$0.contains("_bucket") } == 5)
    }

    @Test("a removed model takes its series along and leaves those of other models")
    func removesModels() {
        let metrics = ServingMetrics()
        for model in ["digits", "faces"] {
            metrics.requestCount.cell(model, "OK").increment()
            metrics.requestLatency.cell(model, "predict", "REST").observe(1)
            metrics.runtimeLatency.cell(model, "Predict", "TF1").observe(1)
            metrics.requestExampleCounts.cell(model).observe(1)
            metrics.requestExampleCountTotal.cell(model).increment()
            metrics.requestLogCount.cell(model, "OK").increment()
            metrics.modelLoads.cell(model, "loaded").increment()
        }
        metrics.removeModels { $0 == "digits" }
        let text = PrometheusText.render(metrics.store)
        #expect(!text.contains("digits"))
        #expect(text.split(separator: "\n").count { $0.contains("faces") && !$0.contains("_bucket") } == 10)
    }

    @Test("a signature's handles write to the series with its labels")
    func signatureHandles() {
        let metrics = ServingMetrics()
        let handles = Self.handles(metrics, version: 3)
        for _ in 0..<2 {
            handles.countSuccess(
                .predict, nanoseconds: 3_000, .init(read: 1, parse: 1, queue: 500, assemble: 500, run: 1_000, encode: 1))
        }
        handles.countFailure(status: "INVALID_ARGUMENT")
        handles.countSuccess(nanoseconds: 5)
        let text = PrometheusText.render(metrics.store)
        let labels = #"model="digits",version="3",signature="serving_default""#
        #expect(text.contains("apus_requests_total{\(labels),status=\"OK\"} 3\n"))
        #expect(text.contains("apus_requests_total{\(labels),status=\"INVALID_ARGUMENT\"} 1\n"))
        #expect(text.contains("apus_stage_seconds_sum{\(labels),stage=\"run\"} 2e-06\n"))
        #expect(text.contains("apus_stage_seconds_bucket{\(labels),stage=\"run\",le=\"1e-06\"} 2\n"))
        #expect(text.contains(":tensorflow:serving:runtime_latency_sum{model_name=\"digits\",API=\"Predict\",runtime=\"TF1\"} 4\n"))
    }

    private static func handles(_ metrics: ServingMetrics, version: Int64) -> SignatureMetrics {
        SignatureMetrics(metrics, BatchMetrics(metrics), model: "digits", version: version, signature: "serving_default")
    }
}
