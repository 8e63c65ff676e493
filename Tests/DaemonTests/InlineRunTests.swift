import Foundation
import Testing

/// A cheap request runs on the thread that reads it, an expensive one on a lane; nobody may see that by the response or the metrics.
@Suite("Inline runs")
struct InlineRunTests {
    private static let oneInput = [
        #"{"instances": [1.0, 2.0, 5.0]}"#, #"{"instances":[1]}"#, " \n{ \"instances\" : [ 1.5 , -2e3 ] } \r\n ",
        #"{"instances": [[1.0], [2.0]]}"#, #"{"instances": [[[1, 2]], [[3, 4]]]}"#, #"{"instances": [[]]}"#,
        #"{"instances": [NaN, Infinity, -Infinity, -0.0, 1e-45, 3.4e38, 1e39]}"#, #"{"instances": [1.0], "extra": {"a": [null]}}"#,
        #"{"signature_name": "serving_default", "instances": [1.0]}"#, #"{"instances": [1.0], "signature_name": "serving_default"}"#,
        #"{"signature_name": "", "instances": [1.0]}"#, #"{"inputs": [1.0, 2.0]}"#, #"{"inputs": 3}"#, #"{"inputs": []}"#,
        #"{"instances": [{"x": 1.0}]}"#, "{\"instances\": [\((0..<500).map { "\($0)" }.joined(separator: ","))]}",
        #"{"signature_name": "other", "instances": [1.0]}"#, #"{"instances": []}"#, #"{"instances": {}}"#, #"{"instances": [1, [2]]}"#,
        #"{"instances": ["1"]}"#, #"{"instances": [1.0"#, #"{"instances": [1.0]} x"#, #"{"instances": [1.0], "inputs": [1.0]}"#, "{}", "",
        #"{"instances": [true]}"#, #"{"instances": [1.0,]}"#, #"{"instances": [1e999]}"#, "[1.0]",
    ]

    private static let twoInputs = [
        #"{"instances": [{"a": 1, "b": 2}, {"b": 0.5, "a": -1}]}"#, #"{"inputs": {"a": [1, 2, 3], "b": [4, 5, 6]}}"#,
        #"{"inputs": {"b": [4], "a": [1]}}"#, #"{"instances": [{"a": NaN, "b": 1e39}]}"#, #"{"inputs": {"a": [], "b": []}}"#,
        "{\"inputs\": {\"a\": \([Int](0..<300)), \"b\": \([Int](300..<600))}}",
        #"{"inputs": {"a": [1, 2, 3], "b": [4]}}"#, #"{"inputs": {"a": [1, 2, 3], "b": [4, 5]}}"#, #"{"inputs": {"a": [1], "b": 2}}"#,
        #"{"inputs": {"a": [1]}}"#, #"{"instances": [{"a": 1}]}"#, #"{"instances": [1.0]}"#, #"{"inputs": [1.0]}"#,
        #"{"inputs": {"a": [1], "b": [2], "c": [3]}}"#, #"{"inputs": {"a": [1], "a": [2], "b": [3]}}"#,
        #"{"inputs": {"a": ["1"], "b": [2]}}"#,
    ]

    /// What a body for `/predict` has besides.
    private static let envelopes = [
        #""model": "half_plus_two", "#, #""model": "half_plus_two", "version": 1, "#, #""model": "nothing", "#, #""version": 7, "#,
        #""model": 3, "#, "",
    ]

    private static let requests: [(path: String, body: String)] = {
        var requests = oneInput.map { ("/v1/models/half_plus_two:predict", $0) } + twoInputs.map { ("/v1/models/weighted_sum:predict", $0) }
        requests += oneInput.prefix(2).map { ("/v1/models/half_plus_two/versions/1:predict", $0) }
        requests += oneInput.prefix(2).map { ("/v1/models/half_plus_two/versions/2:predict", $0) }
        requests += envelopes.map { ("/predict", "{\($0)\"instances\": [1.0, 2.0]}") }
        return requests
    }()

    @Test("a request that runs on the thread that reads it has the response, and is counted as, one that waits for a lane")
    func sameResponses() async throws {
        let inline = try await Self.daemon(inlineBudget: "10ms"), queued = try await Self.daemon(inlineBudget: "0us")
        // States were asked for, as often as it took.
        let before = try [inline, queued].map(Self.counts)
        for (path, body) in Self.requests {
            // A shape that comes for the first time has no plan, and goes to a lane.
            for turn in ["first", "second"] {
                let note: Comment = "\(path) \(body.prefix(80)), \(turn) time"
                let one = try inline.request("POST", path, body: body), other = try queued.request("POST", path, body: body)
                #expect(one.status == other.status, note)
                #expect(one.timelessFields == other.timelessFields, note)
                #expect(one.body == other.body, note)
            }
        }
        let counts = try zip([inline, queued], before).map { daemon, before in
            try Self.counts(daemon).merging(before) { now, then in now - then }
        }
        #expect(counts[0] == counts[1])
        for series in [
            #":tensorflow:serving:request_count{model_name="weighted_sum",status="OK"}"#,
            #"apus_requests_total{model="weighted_sum",version="1",signature="serving_default",status="OK"}"#,
            #"apus_batch_rows_count{model="half_plus_two",version="1",signature="serving_default"}"#,
        ] {
            #expect(counts[0][series] ?? 0 > 0, "\(series)")
        }
    }

    private static func daemon(inlineBudget: String) async throws -> RunningDaemon {
        let daemon = try await RunningDaemon("model_root: @/models\nengine: {inline_budget: \(inlineBudget)}")
        try WeightedSum.publish(in: daemon.folder.appending(path: "models"))
        try await daemon.wait("/v1/models/weighted_sum") { $0.body.contains("AVAILABLE") }
        try await daemon.wait("/readyz") { $0.status == 200 }
        return daemon
    }

    /// The series that count requests and rows, with their values.
    private static func counts(_ daemon: RunningDaemon) throws -> [String: Double] {
        let names = [":tensorflow:serving:request_count{", "apus_requests_total{", "apus_batch_rows_"]
        let lines = try daemon.request("GET", "/monitoring/prometheus/metrics").body.split(separator: "\n")
            .filter { line in names.contains { line.hasPrefix($0) } }
        return try Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let end = try #require(line.lastIndex(of: " "))
                return (String(line[..<end]), try #require(Double(line[line.index(after: end)...])))
            })
    }
}

extension HTTPAnswer {
    /// The fields but the date.
    /// What is the same for every answer to a request: no time and no name made for it.
    fileprivate var timelessFields: [String] {
        fields.filter { field in !["date:", "x-request-id:"].contains { field.lowercased().hasPrefix($0) } }
    }
}
