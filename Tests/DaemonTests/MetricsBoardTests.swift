import Daemon
import ModelServing
import RESTFrontend
import ServableCore
import Synchronization
import Telemetry
import Testing

@Suite("MetricsBoard")
struct MetricsBoardTests {
    private let statuses = StatusBoard()
    private let metrics = ServingMetrics()
    private let table = ServableTable()
    private let clock = Clock()
    private let board: MetricsBoard

    init() {
        let clock = clock
        board = MetricsBoard(metrics, statuses) { clock.now }
    }

    /// The wall clock of a test, in seconds.
    private final class Clock: Sendable {
        let seconds = Mutex<Int64>(1_000_000)

        var now: Timestamp { Timestamp(microsecondsSinceEpoch: seconds.withLock { $0 } * 1_000_000) }
        func advance(by count: Int64) { seconds.withLock { $0 += count } }
    }

    private func set(_ name: String, _ version: Int64, _ state: ServableState, error: ServableError? = nil) {
        let id = ServableID(name: name, version: version)
        statuses.set(ServableStatus(id: id, state: state, error: error, since: clock.now, path: "/m"), isPinned: error != nil)
    }

    /// A version is loaded, serves well and badly, and is read.
    private func serve(_ name: String, _ version: Int64) {
        let id = ServableID(name: name, version: version)
        for state in [ServableState.start, .loading] { set(name, version, state) }
        let meter = board.meter(of: id, signature: "serving_default")
        set(name, version, .available)
        meter.ran(rowCount: 1, nanoseconds: 1)
        for status in [StatusCode.ok, .internal] {
            var record = CallRecord(entrypoint: .rest, start: 0)
            (record.model, record.version, record.signature, record.api) = (name, version, "serving_default", .predict)
            meter.finished(record, CallOutcome(status: status, nanoseconds: 0))
        }
    }

    private func unload(_ name: String, _ version: Int64) {
        for state in [ServableState.unloading, .end] { set(name, version, state) }
    }

    private func read() -> [Substring] {
        board.readStates(table)
        return PrometheusText.render(metrics.store).split(separator: "\n")
    }

    @Test("after ten thousand versions there are no more series than after a few, and the newest has its own")
    func manyVersions() {
        statuses.setWanted(["m": WantedModel()])
        func serve(_ versions: ClosedRange<Int64>) {
            for version in versions {
                self.serve("m", version)
                if version % 100 == 0 { _ = read() }
                unload("m", version - 1)
                clock.advance(by: 1)
            }
        }
        serve(1...100)
        let count = read().count
        serve(101...10_000)
        let lines = read()
        #expect(lines.count == count)
        #expect(!lines.contains { $0.contains("_other") })
        let newest = #"model="m",version="10000",signature="serving_default""#
        #expect(lines.contains("apus_requests_total{\(newest),status=\"OK\"} 1"))
        #expect(lines.contains(#"apus_model_state{model="m",version="10000",state="AVAILABLE"} 1"#))
        #expect(lines.contains(#":tensorflow:serving:request_count{model_name="m",status="OK"} 10000"#))
    }

    @Test("versions that are loaded make room by those that ended, also when nobody reads")
    func nobodyReads() {
        statuses.setWanted(["m": WantedModel()])
        for version in 1...3_000 as ClosedRange<Int64> {
            serve("m", version)
            unload("m", version)
        }
        #expect(metrics.requests.snapshot.count == 2 * (StatusBoard.endedVersionLimit + 1))
    }

    @Test("the series of an unloaded version stay for five minutes, those of its model as long as it is wanted")
    func retention() {
        func has(_ text: String) -> Bool { read().contains { $0.contains(text) } }
        statuses.setWanted(["m": WantedModel()])
        serve("m", 1)
        unload("m", 1)
        clock.advance(by: 299)
        #expect(has(#"model="m",version="1""#))
        clock.advance(by: 1)
        #expect(!has(#"model="m",version="1""#))
        #expect(has(#"request_count{model_name="m",status="OK"} 1"#))
        statuses.setWanted([:])
        #expect(!has(#""m""#))
        // It comes back, and counts anew.
        statuses.setWanted(["m": WantedModel()])
        serve("m", 1)
        #expect(has(#"request_count{model_name="m",status="OK"} 1"#))
        #expect(has(#"apus_model_state{model="m",version="1",state="AVAILABLE"} 1"#))
    }

    @Test("a version that failed keeps its series as long as its model is wanted")
    func failed() {
        func isShown() -> Bool { read().contains(#"apus_model_state{model="m",version="1",state="END"} 1"#) }
        statuses.setWanted(["m": WantedModel()])
        set("m", 1, .end, error: ServableError(.dataLoss, "file is cut short"))
        clock.advance(by: 100_000)
        #expect(isShown())
        statuses.setWanted([:])
        #expect(!isShown())
    }
}
