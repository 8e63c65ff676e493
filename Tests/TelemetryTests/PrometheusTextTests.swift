import Telemetry
import Testing

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test("prints TensorFlow Serving's metrics as its exporter does")
    func tensorFlowServingForm() {
        let store = MetricStore()
        let counter = store.counter(
            MetricDescription(
                "/tensorflow/serving/request_count", labels: ["model_name", "status"], help: "never shown",
                dialect: .tensorFlowServing))
        counter.cell("b", "OK").increment(by: 2)
        counter.cell("a", "NOT_FOUND").increment()
        _ = store.counter(MetricDescription("/tensorflow/empty", help: "", dialect: .tensorFlowServing))
        let latency = store.histogram(
            MetricDescription("/tensorflow/latency", labels: ["API"], help: "", dialect: .tensorFlowServing),
            .exponential(scale: 10, growth: 1.8, count: 4))
        for value in [3, 10, 11, 1_000_000_000] as [Int64] { latency.cell("predict").observe(value) }
        #expect(
            Self.text(of: store) == """
                # TYPE :tensorflow:empty counter
                # TYPE :tensorflow:latency histogram
                :tensorflow:latency_bucket{API="predict",le="10"} 2
                :tensorflow:latency_bucket{API="predict",le="18"} 3
                :tensorflow:latency_bucket{API="predict",le="32.4"} 3
                :tensorflow:latency_bucket{API="predict",le="58.32"} 3
                :tensorflow:latency_bucket{API="predict",le="+Inf"} 4
                :tensorflow:latency_sum{API="predict"} 1e+09
                :tensorflow:latency_count{API="predict"} 4
                # TYPE :tensorflow:serving:request_count counter
                :tensorflow:serving:request_count{model_name="a",status="NOT_FOUND"} 1
                :tensorflow:serving:request_count{model_name="b",status="OK"} 2

                """)
    }

    @Test("prints limits and sums with six significant digits, as TensorFlow Serving does")
    func sixDigits() {
        let store = MetricStore()
        let latency = store.histogram(
            MetricDescription("/latency", help: "", dialect: .tensorFlowServing),
            .exponential(scale: 10, growth: 1.8, count: 33, unit: 10))
        latency.cell().observe(2_528_731_234)
        let text = PrometheusText.render(store)
        for limit in ["188.957", "1102", "1.27482e+06", "1.47476e+09"] {
            #expect(text.contains(":latency_bucket{le=\"\(limit)\"} "), "limit \(limit)")
        }
        #expect(text.contains(":latency_sum{} 2.52873e+08\n"))
    }

    @Test("prints its own metrics with help and whole numbers")
    func ownForm() {
        let store = MetricStore()
        let seconds = store.histogram(
            MetricDescription("apus_seconds", labels: ["model"], help: "Time\nspent."), HistogramBuckets(limits: [0.5], scale: 1e3))
        seconds.cell("m").observe(123_456_500)
        seconds.cell("m").observe(250)
        #expect(
            Self.text(of: store) == """
                # HELP apus_seconds Time\\nspent.
                # TYPE apus_seconds histogram
                apus_seconds_bucket{model="m",le="0.5"} 1
                apus_seconds_bucket{model="m",le="+Inf"} 2
                apus_seconds_sum{model="m"} 123456.75
                apus_seconds_count{model="m"} 2

                """)
    }

    @Test(
        "mangles names",
        arguments: [("/a/b-c.d", ":a:b:c:d"), ("9lives", "_9lives"), ("a:b", "a:b"), ("größe", "gr::e"), ("", "")])
    func mangles(name: String, exported: String) {
        let store = MetricStore()
        _ = store.counter(MetricDescription(name, help: "", dialect: .tensorFlowServing))
        #expect(Self.text(of: store) == "# TYPE \(exported) counter\n")
    }

    @Test("mangles label names and escapes label values, so that no client writes lines of its own")
    func escapes() {
        let store = MetricStore()
        store.readGauge(MetricDescription("g", labels: ["a-b", "1"], help: "", dialect: .tensorFlowServing)) {
            [.init(["q\"\\", "x\"} 1\nforged{"], -7)]
        }
        #expect(Self.text(of: store) == "# TYPE g gauge\ng{a_b=\"q\\\"\\\\\",_1=\"x\\\"} 1\\nforged{\"} -7\n")
    }

    /// Without the metric that every store has of itself.
    private static func text(of store: MetricStore) -> String {
        PrometheusText.render(store).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("apus_metrics_dropped_series_total") }.joined(separator: "\n")
    }
}
