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
        let family = MetricStore().gauge(MetricDescription("g", labels: ["model", "version"], help: ""))
        let gauge = family.cell("a", "1")
        gauge.set(3)
        family.cell("b", "1").set(7)
        family.removeCells { $0[0] == "a" }
        gauge.add(-1)
        #expect(gauge.value == 2)
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

    @Test("updates run before each reading")
    func updates() {
        let store = MetricStore()
        let gauge = store.gauge(MetricDescription("depth", help: "Depth."))
        store.beforeReading { gauge.cell().add(1) }
        #expect(PrometheusText.render(store).hasSuffix("depth{} 1\n"))
        #expect(PrometheusText.render(store).hasSuffix("depth{} 2\n"))
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
