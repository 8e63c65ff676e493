import Daemon
import ModelServing
import RESTFrontend
import Synchronization
import Telemetry
import Tensors
import Testing

@testable import ServableCore

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
        board.addReadings(of: table)
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
        meter.took(rowCount: 1, inputCount: 1, waited: 1)
        meter.ran(BatchRun(rowCount: 1, executedRowCount: 1, nanoseconds: 1))
        for status in [StatusCode.ok, .internal] {
            var record = CallRecord(entrypoint: .rest, start: 0)
            (record.model, record.version, record.signature, record.api) = (name, version, "serving_default", .predict)
            let times = CallTimes(submitted: 1, taken: 2, assembled: 3, ended: 4)
            meter.finished(record, CallOutcome(status: status, nanoseconds: 9, times: status == .ok ? times : nil))
        }
    }

    private func unload(_ name: String, _ version: Int64) {
        for state in [ServableState.unloading, .end] { set(name, version, state) }
    }

    private func read() -> [Substring] {
        board.removeExpired()
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
        #expect(!lines.contains { $0.contains("\"_other\"") })
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

    @Test("requests for models that nobody serves share one series, whatever names clients make up")
    func unknownModels() {
        statuses.setWanted(["m": WantedModel()])
        for number in 0..<1_000 {
            var record = CallRecord(entrypoint: .rest, start: 0)
            record.model = "made up \(number)"
            board.finished(record, CallOutcome(status: .notFound, nanoseconds: 0))
        }
        var known = CallRecord(entrypoint: .rest, start: 0)
        known.model = "m"
        board.finished(known, CallOutcome(status: .notFound, nanoseconds: 0))
        let lines = read().filter { $0.hasPrefix(":tensorflow:serving:request_count{") }
        #expect(
            lines == [
                #":tensorflow:serving:request_count{model_name="",status="NOT_FOUND"} 1000"#,
                #":tensorflow:serving:request_count{model_name="m",status="NOT_FOUND"} 1"#,
            ])
    }

    @Test("a call feeds every family that TensorFlow Serving feeds, and each of its stages")
    func feedsFamilies() {
        statuses.setWanted(["m": WantedModel()])
        let id = ServableID(name: "m", version: 3)
        for state in [ServableState.start, .loading, .available] { set("m", 3, state) }
        let meter = board.meter(of: id, signature: "s")
        meter.took(rowCount: 2, inputCount: 2, waited: 150_000)
        meter.ran(BatchRun(rowCount: 2, executedRowCount: 4, nanoseconds: 3_000))
        var record = CallRecord(entrypoint: .rest, arrival: 1_000, start: 3_000)
        (record.api, record.exampleCount) = (.regress, 2)
        let times = CallTimes(submitted: 6_000, taken: 10_000, assembled: 15_000, ended: 21_000)
        meter.finished(record, CallOutcome(status: .ok, nanoseconds: 25_000, times: times))
        meter.wrote(nanoseconds: 8_000)
        let lines = Set(read().map(String.init))
        let signature = #"model="m",version="3",signature="s""#
        for line in [
            #":tensorflow:serving:request_count{model_name="m",status="OK"} 1"#,
            #":tensorflow:serving:request_latency_sum{model_name="m",API="regress",entrypoint="REST"} 25"#,
            #":tensorflow:serving:runtime_latency_sum{model_name="m",API="Regress",runtime="TF1"} 15"#,
            #":tensorflow:serving:request_example_counts_sum{model="m"} 2"#,
            #":tensorflow:serving:request_example_count_total{model="m"} 2"#,
            #":tensorflow:serving:batching_session:queuing_latency_sum{thread_pool_name=""} 150"#,
            ":tensorflow:serving:batching_session:wrapped_run_count{} 1",
            #":tensorflow:serving:batching_session:padding_size_sum{execution_batch_size="4"} 2"#,
            ":tensorflow:serving:batching_session:input_batch_size_count{} 2",
            ":tensorflow:serving:batching_session:processed_batch_size_sum{} 4",
            "apus_stage_seconds_sum{\(signature),stage=\"read\"} 2e-06", "apus_stage_seconds_sum{\(signature),stage=\"parse\"} 3e-06",
            "apus_stage_seconds_sum{\(signature),stage=\"queue\"} 4e-06",
            "apus_stage_seconds_sum{\(signature),stage=\"assemble\"} 5e-06",
            "apus_stage_seconds_sum{\(signature),stage=\"run\"} 6e-06", "apus_stage_seconds_sum{\(signature),stage=\"encode\"} 7e-06",
            "apus_stage_seconds_sum{\(signature),stage=\"write\"} 8e-06", "apus_batch_padding_rows_total{\(signature)} 2",
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("loads and warm-up records are counted by the version's folder, and go with the version")
    func loads() {
        statuses.setWanted(["m": WantedModel()])
        let id = ServableID(name: "m", version: 1)
        for state in [ServableState.start, .loading] { set("m", 1, state) }
        for error in [ServableError(.dataLoss, "cut short"), ServableError(.cancelled, "unwanted"), nil] {
            board.finishedLoad(LoadReport(id: id, path: "/m/1", error: error, duration: .milliseconds(2)))
        }
        board.warmedUp(path: "/m/1", error: nil, nanoseconds: 4_000)
        board.warmedUp(path: "/m/1", error: ServableError(.internal, "no"), nanoseconds: 4_000)
        set("m", 1, .available)
        let lines = Set(read().map(String.init))
        for line in [
            #":tensorflow:cc:saved_model:load_attempt_count{model_path="/m/1",status="fail"} 1"#,
            #":tensorflow:cc:saved_model:load_attempt_count{model_path="/m/1",status="success"} 1"#,
            #":tensorflow:cc:saved_model:load_latency{model_path="/m/1"} 4000"#,
            #":tensorflow:serving:model_warmup_records_read{model_path="/m/1",status="OK"} 1"#,
            #":tensorflow:serving:model_warmup_latency_sum{model_path="/m/1",status="INTERNAL: no"} 4"#,
            #"apus_model_loads_total{model="m",outcome="success"} 1"#, #"apus_model_loads_total{model="m",outcome="failure"} 1"#,
            #"apus_model_loads_total{model="m",outcome="cancelled"} 1"#, #"apus_model_load_seconds_count{outcome="success"} 1"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
        unload("m", 1)
        clock.advance(by: 300)
        #expect(!read().contains { $0.contains("/m/1") })
    }

    @Test("a model that nobody calls has few lines, however many signatures it has")
    func idleModels() {
        statuses.setWanted(Dictionary(uniqueKeysWithValues: (0..<500).map { ("m\($0)", WantedModel()) }))
        for number in 0..<500 {
            let id = ServableID(name: "m\(number)", version: 1)
            for state in [ServableState.start, .loading] { set(id.name, 1, state) }
            board.finishedLoad(LoadReport(id: id, path: "/srv/models/m\(number)/1", error: nil, duration: .milliseconds(2)))
            for signature in 0..<6 { _ = board.meter(of: id, signature: "s\(signature)") }
            set(id.name, 1, .available)
        }
        let text = read().joined(separator: "\n")
        #expect(text.utf8.count < 250_000)
    }
}
