import Telemetry
import Testing

@Suite("Serving metrics")
struct ServingMetricsTests {
    @Test("every metric of TensorFlow Serving's serving layer is announced, before any request")
    func announces() {
        let text = PrometheusText.render(ServingMetrics().store)
        let announced = [
            "request_count counter", "request_latency histogram", "runtime_latency histogram",
            "request_example_counts histogram", "request_example_count_total counter", "model_warmup_latency histogram",
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
            let handles = SignatureMetrics(metrics, model: "digits", version: version, signature: "serving_default")
            handles.countRequest(status: "OK")
            handles.countRequest(status: "INTERNAL")
            metrics.modelState.cell("digits", "\(version)", "AVAILABLE").set(1)
            metrics.modelMemory.cell("digits", "\(version)").set(100)
        }
        metrics.requestCount.cell("digits", "OK").increment()
        metrics.removeVersions { $0 == "digits" && $1 == "3" }
        let text = PrometheusText.render(metrics.store)
        #expect(!text.contains("version=\"3\""))
        #expect(text.split(separator: "\n").count { $0.contains("version=\"4\"") && !$0.contains("_bucket") } == 12)
        #expect(text.contains(#":tensorflow:serving:request_count{model_name="digits",status="OK"} 1"#))
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
        }
        metrics.removeModels { $0 == "digits" }
        let text = PrometheusText.render(metrics.store)
        #expect(!text.contains("digits"))
        #expect(text.split(separator: "\n").count { $0.contains("faces") && !$0.contains("_bucket") } == 8)
    }

    @Test("a signature's handles write to the series with its labels")
    func signatureHandles() {
        let metrics = ServingMetrics()
        let handles = SignatureMetrics(metrics, model: "digits", version: 3, signature: "serving_default")
        handles.countRequest(status: "OK")
        handles.countRequest(status: "OK")
        handles.countRequest(status: "INVALID_ARGUMENT")
        handles.queueDepth.set(5)
        let text = PrometheusText.render(metrics.store)
        let labels = #"model="digits",version="3",signature="serving_default""#
        #expect(text.contains("apus_requests_total{\(labels),status=\"OK\"} 2\n"))
        #expect(text.contains("apus_requests_total{\(labels),status=\"INVALID_ARGUMENT\"} 1\n"))
        #expect(text.contains("apus_queue_depth{\(labels)} 5\n"))
    }
}
