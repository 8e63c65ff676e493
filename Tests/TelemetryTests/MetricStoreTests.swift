import Telemetry
import Testing

@Suite("Metric store")
struct MetricStoreTests {
    @Test("a label set has one cell, however often it is looked up")
    func oneCell() {
        let family = MetricStore().counter(MetricDescription("c", labels: ["a", "b"], help: ""))
        family.cell("1", "2").increment()
        family.cell(["1", "2"]).increment(by: 4)
        #expect(family.cell("1", "2").value == 5)
        #expect(family.cell("2", "1").value == 0)
    }

    @Test("label sets beyond the limit share one cell")
    func cardinality() {
        let family = MetricStore().counter(MetricDescription("c", labels: ["model"], help: ""))
        for number in 0..<20_000 { family.cell("model \(number)").increment() }
        #expect(family.snapshot.count == 10_001)
        #expect(family.cell("_other").value == 10_000)
        #expect(family.cell("model 7").value == 1)
    }

    @Test("a removed label set is not shown and its handle stays usable")
    func removes() {
        let family = MetricStore().counter(MetricDescription("c", labels: ["model", "version"], help: ""))
        let counter = family.cell("a", "1")
        counter.increment(by: 3)
        family.cell("b", "1").increment(by: 7)
        family.removeCells { $0[0] == "a" }
        counter.increment()
        #expect(counter.value == 4)
        #expect(family.snapshot.map(\.labels) == [["b", "1"]])
        #expect(family.cell("a", "1").value == 0, "a set that comes back begins anew")
    }

    @Test("removed label sets make room for new ones")
    func makesRoom() {
        let family = MetricStore().counter(MetricDescription("c", labels: ["version"], help: ""))
        for number in 0..<10_000 { family.cell("\(number)").increment() }
        family.removeCells { $0[0].hasSuffix("1") }
        family.cell("new").increment(by: 5)
        #expect(family.snapshot.count == 9_001)
        #expect(family.snapshot.first { $0.labels == ["new"] }?.cell.value == 5)
    }

    @Test("what is kept elsewhere is asked for at each reading")
    func readings() {
        let store = MetricStore()
        let count = Counter()
        store.readGauge(MetricDescription("depth", help: "Depth.")) {
            count.increment()
            return [.init([], Double(count.value) / 2)]
        }
        store.readCounter(MetricDescription("hits", labels: ["by"], help: "Hits.")) { [.init(["b"], 2), .init(["a"], 1)] }
        #expect(PrometheusText.render(store).contains("# TYPE depth gauge\ndepth 0.5\n"))
        #expect(PrometheusText.render(store).contains("# TYPE depth gauge\ndepth 1\n"))
        #expect(PrometheusText.render(store).contains("# TYPE hits counter\nhits{by=\"a\"} 1\nhits{by=\"b\"} 2\n"))
    }

    @Test("a label set is shown from its first observation on, also one whose cell was made before")
    func firstObservation() {
        let store = MetricStore()
        let counter = store.counter(MetricDescription("c", labels: ["model"], help: "")).cell("m")
        let histogram = store.histogram(MetricDescription("h", labels: ["model"], help: ""), HistogramBuckets(limits: [1])).cell("m")
        #expect(!PrometheusText.render(store).contains("\"m\""))
        counter.increment()
        #expect(PrometheusText.render(store).contains("c{model=\"m\"} 1\n"))
        #expect(!PrometheusText.render(store).contains("h_count"))
        histogram.observe(0)
        #expect(PrometheusText.render(store).contains("h_count{model=\"m\"} 1\n"))
    }

    @Test("look-ups that find no room are counted")
    func countsOverflow() {
        let store = MetricStore()
        let family = store.counter(MetricDescription("c", labels: ["model"], help: ""))
        for number in 0..<10_003 { family.cell("model \(number)").increment() }
        #expect(PrometheusText.render(store).contains("apus_metrics_dropped_series_total 3\n"))
    }

    @Test("many threads lose no count")
    func manyThreads() async {
        let family = MetricStore().counter(MetricDescription("c", labels: ["thread"], help: ""))
        let shared = family.cell("shared")
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for _ in 0..<10_000 {
                        shared.increment()
                        family.cell("\(thread)").increment()
                    }
                }
            }
        }
        #expect(shared.value == 40_000)
        #expect(family.snapshot.map(\.cell.value) == [10_000, 10_000, 10_000, 10_000, 40_000])
    }
}
