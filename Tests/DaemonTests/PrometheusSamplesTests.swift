import Daemon
import Testing

@Suite("Metrics that a client reads")
struct PrometheusSamplesTests {
    static let page = """
        # HELP apus_ready Whether the daemon is ready.
        # TYPE apus_ready gauge
        apus_ready 1
        apus_requests_total{model="a\\"b\\\\c\\n",version="1",status="OK"} 12
        apus_requests_total{model="d",version="2",status="NOT_FOUND",} 3 1700000000
        :tensorflow:serving:batching_session:wrapped_run_count{} 7
        s_bucket{le="0.1"} 50
        s_bucket{le="0.2"} 90
        s_bucket{le="+Inf"} 100
        """

    @Test("reads names, labels with escapes, and values")
    func reads() {
        let samples = PrometheusSamples(Self.page)
        #expect(samples.value("apus_ready") == 1)
        #expect(samples.value("apus_requests_total") == 15)
        #expect(samples["apus_requests_total"].map(\.labels["model"]) == ["a\"b\\c\n", "d"])
        #expect(samples.value(":tensorflow:serving:batching_session:wrapped_run_count") == 7)
        #expect(samples.value("absent") == nil)
    }

    @Test("every cut of a page is read without harm, and what is no sample passed over")
    func cuts() {
        let bytes = Array(Self.page.utf8)
        for count in bytes.indices { _ = PrometheusSamples(String(decoding: bytes[..<count], as: UTF8.self)) }
        let odd = PrometheusSamples("x{a=1} 2\ny{a=\"1\" 3\nz\n{} 4\nw NaN-ish\nv 5")
        #expect(odd.value("x") == nil && odd.value("y") == nil && odd.value("z") == nil && odd.value("w") == nil)
        #expect(odd.value("v") == 5)
    }

    @Test("quantiles are interpolated as histogram_quantile does, of all or of what came since")
    func quantiles() throws {
        var all = BucketCounts(), earlier = BucketCounts()
        for sample in PrometheusSamples(Self.page)["s_bucket"] { all.add(sample) }
        #expect(all.quantile(0.5) == 0.1)
        #expect(try abs(#require(all.quantile(0.7)) - 0.15) < 1e-12)
        #expect(all.quantile(0.99) == 0.2, "what lies above every bound is at the last")
        for sample in PrometheusSamples("s_bucket{le=\"0.1\"} 50\ns_bucket{le=\"0.2\"} 50\ns_bucket{le=\"+Inf\"} 50")["s_bucket"] {
            earlier.add(sample)
        }
        #expect(try abs(#require(all.subtracting(earlier).quantile(0.5)) - 0.162_5) < 1e-12)
        #expect(all.subtracting(all).quantile(0.5) == nil)
        #expect(BucketCounts().quantile(0.5) == nil)
    }
}
