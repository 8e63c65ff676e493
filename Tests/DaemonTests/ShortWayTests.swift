import Testing

/// Cheap requests are run on the thread that reads them, by code of their own; nobody may tell by the answer.
@Suite("The short way")
struct ShortWayTests {
    static let bodies = [
        #"{"instances": [1.0, 2.0, 5.0]}"#, #"{"instances":[1]}"#, " \n{ \"instances\" : [ 1.5 , -2e3 ] } \r\n ",
        #"{"instances": [[1.0], [2.0]]}"#, #"{"instances": [[[1, 2]], [[3, 4]]]}"#, #"{"instances": [[]]}"#,
        #"{"instances": [NaN, Infinity, -Infinity, -0.0, 1e-45, 3.4e38, 1e39]}"#, #"{"instances": [1.0], "extra": {"a": [null]}}"#,
        #"{"signature_name": "serving_default", "instances": [1.0]}"#, #"{"instances": [1.0], "signature_name": "serving_default"}"#,
        #"{"signature_name": "", "instances": [1.0]}"#, #"{"inputs": [1.0, 2.0]}"#, #"{"inputs": 3}"#, #"{"instances": [{"x": 1.0}]}"#,
        "{\"instances\": [\((0..<500).map { "\($0)" }.joined(separator: ","))]}",
        // What is wrong is told in the same words.
        #"{"signature_name": "other", "instances": [1.0]}"#, #"{"instances": []}"#, #"{"instances": {}}"#, #"{"instances": [1, [2]]}"#,
        #"{"instances": ["1"]}"#, #"{"instances": [1.0"#, #"{"instances": [1.0]} x"#, #"{"instances": [1.0], "inputs": [1.0]}"#, "{}", "",
        #"{"instances": [true]}"#, #"{"instances": [1.0,]}"#, #"{"instances": [1e999]}"#, "[1.0]",
    ]

    /// What a body for `/predict` has besides.
    static let envelopes = [
        "", #""model": "half_plus_two", "#, #""model": "half_plus_two", "version": 1, "#, #""model": "nothing", "#,
        #""version": 7, "#, #""model": 3, "#,
    ]

    @Test("a request that is run where it is read is answered as one that waits for a lane")
    func sameAnswers() async throws {
        let short = try await RunningDaemon("model_root: @/models\nengine: {inline_budget: 10ms}")
        let queued = try await RunningDaemon("model_root: @/models\nengine: {inline_budget: 0us}")
        for daemon in [short, queued] { try await daemon.wait("/readyz") { $0.status == 200 } }
        var requests = Self.bodies.map { ("/v1/models/half_plus_two:predict", $0) } + Self.bodies.map { ("/predict", $0) }
        requests += Self.bodies.prefix(2).map { ("/v1/models/half_plus_two/versions/1:predict", $0) }
        requests += Self.bodies.prefix(2).map { ("/v1/models/half_plus_two/versions/2:predict", $0) }
        requests += Self.envelopes.map { ("/predict", "{\($0)\"instances\": [1.0, 2.0]}") }
        for (path, body) in requests {
            let answers = try [short, queued].map { try $0.request("POST", path, body: body) }
            #expect(answers[0].status == answers[1].status, "\(path) \(body.prefix(80))")
            #expect(answers[0].body == answers[1].body, "\(path) \(body.prefix(80))")
        }
    }
}
