import Foundation
import HTTPCore
import ModelServing
import RESTFrontend
import ServableCore
import Synchronization
import Testing

/// The routes over real sockets, with a backend that needs no model.
@Suite("routes")
struct RoutesTests {
    private func withServer(
        _ backend: FakeBackend = FakeBackend(), _ configuration: RESTConfiguration = .init(),
        _ body: (LiveServer) async throws -> Void
    ) async throws {
        let server = try LiveServer(backend, configuration: configuration)
        do { try await body(server) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test("predicts in rows and columns, and names the version")
    func predict() async throws {
        try await withServer(FakeBackend(versions: ["m": [1, 3]], labels: ["old": 1])) { server in
            let row = try await server.request("POST", "/v1/models/m:predict", body: #"{"instances":[1.0,2.0,5.0]}"#)
            #expect(row.status == 200)
            #expect(row.headers["content-type"] == "application/json")
            #expect(row.headers["apus-model-version"] == "3")
            #expect(try row.json == ["predictions": [2.5, 3.0, 4.5]])
            let column = try await server.request("POST", "/v1/models/m/versions/1:predict", body: #"{"inputs":{"x":[[2]]}}"#)
            #expect(try column.json == ["outputs": [[3.0]]])
            #expect(column.headers["apus-model-version"] == "1")
            let label = try await server.request("POST", "/v1/models/m/labels/old:predict", body: #"{"inputs":2}"#)
            #expect(try label.json == ["outputs": 3.0])
            #expect(label.headers["apus-model-version"] == "1")
        }
    }

    @Test("describes itself: every reference of the OpenAPI document is there, and its routes without parameters answer")
    func openAPI() async throws {
        try await withServer { server in
            let answer = try await server.request("GET", "/openapi.json")
            #expect(answer.status == 200)
            #expect(answer.headers["content-type"] == "application/json")
            let document = try #require(JSONSerialization.jsonObject(with: answer.body) as? [String: Any])
            #expect(document["openapi"] as? String == "3.1.0")
            let references = String(decoding: answer.body, as: UTF8.self).matches(of: /"\$ref": "#\/([^"]+)"/).map { String($0.1) }
            #expect(references.count > 50)
            for reference in Set(references) {
                let target = reference.split(separator: "/").reduce(document as Any?) { ($0 as? [String: Any])?[String($1)] }
                #expect(target != nil, "\(reference)")
            }
            let paths = try #require(document["paths"] as? [String: [String: Any]])
            for (path, item) in paths where !path.contains("{") && !path.contains("registry") && item["get"] != nil {
                #expect(try await server.request("GET", path).status != 404, "\(path)")
            }
        }
    }

    @Test("predicts by the body's own address")
    func bodyAddressed() async throws {
        try await withServer { server in
            let expected: NSDictionary = ["model": "half_plus_two", "version": 1, "predictions": [2.5, 3.0, 4.5]]
            for body in [
                #"{"model":"half_plus_two","instances":[1.0,2.0,5.0]}"#, #"{"instances":[1.0,2.0,5.0]}"#,
                #"{"instances":[1.0,2.0,5.0],"version":1,"model":"half_plus_two"}"#,
            ] {
                let answer = try await server.request("POST", "/predict", body: body)
                #expect(answer.status == 200)
                #expect(try answer.json == expected)
            }
            let column = try await server.request("POST", "/predict", body: #"{"signature_name":"serving_default","inputs":[0]}"#)
            #expect(try column.json == ["model": "half_plus_two", "version": 1, "outputs": [2.0]])
            let unknown = try await server.request("POST", "/predict", body: #"{"model":"nope","inputs":[0]}"#)
            #expect(unknown.status == 404)
            let broken = try await server.request("POST", "/predict", body: #"{"model":5,"inputs":[0]}"#)
            #expect(broken.status == 400)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let method: String
        let target: String
        var body: String?
        let status: Int
        let error: String
        var testDescription: String { "\(method) \(target)" }
    }

    @Test(
        "refuses with the contract's status and text",
        arguments: [
            Refusal(
                method: "POST", target: "/v1/models/m:predict", body: "{", status: 400,
                error: "JSON Parse error: Missing a name for object member. at offset: 1"),
            Refusal(
                method: "POST", target: "/v1/models/nope:predict", body: "{\"instances\":[1]}", status: 404,
                error: "Servable not found for request: Latest(nope)"),
            Refusal(
                method: "POST", target: "/v1/models/nope:predict", body: "{", status: 400,
                error: "JSON Parse error: Missing a name for object member. at offset: 1"),
            Refusal(
                method: "POST", target: "/v1/models/m/labels/x:predict", body: "{}", status: 400,
                error: "Unrecognized servable version label: x"),
            Refusal(
                method: "POST", target: "/v1/models/m:predict", body: "{\"signature_name\":\"z\",\"inputs\":1}", status: 400,
                error: "Serving signature name: \"z\" not found in signature def"),
            Refusal(
                method: "POST", target: "/v1/models/m:predict", body: "{\"instances\":1}", status: 400,
                error: "Expecting 'instances' to be an list/array"),
            Refusal(
                method: "POST", target: "/v1/models/m:classify", body: #"{"examples": []}"#, status: 400,
                error: "JSON Value: {\n    \"examples\": []\n} 'examples' value is an empty array"),
            Refusal(
                method: "POST", target: "/v1/models/m/versions/18446744073709551615:regress", body: "", status: 400,
                error: "Failed to convert version: 18446744073709551615 to numeric."),
            Refusal(method: "GET", target: "/v1/foo", status: 400, error: "Malformed request: GET /v1/foo"),
            Refusal(method: "GET", target: "/v1/models/m/", status: 400, error: "Malformed request: GET /v1/models/m/"),
            Refusal(
                method: "PUT", target: "/v1/models/m:predict", body: "", status: 400,
                error: "Malformed request: PUT /v1/models/m:predict"),
            Refusal(method: "GET", target: "/v1/models/versions/1", status: 400, error: "Missing model name in request."),
            Refusal(method: "GET", target: "/v1/models/nope", status: 404, error: "Could not find any versions of model nope"),
            Refusal(method: "GET", target: "/v1/models/m/versions/9", status: 404, error: "Could not find version 9 of model m"),
            Refusal(
                method: "GET", target: "/v1/models/m/labels/x", status: 404, error: "Could not find version label x of model m"),
            Refusal(
                method: "GET", target: "/v1/models/nope/labels/x", status: 404, error: "Could not find any versions of model nope"),
            Refusal(
                method: "GET", target: "/v1/models/nope/metadata", status: 404,
                error: "Servable not found for request: Latest(nope)"),
            Refusal(
                method: "GET", target: "/nowhere", status: 404,
                error:
                    "there is no route /nowhere; see /v1/models, /predict, /v1/registry/models, /healthz, /readyz, /metrics, /openapi.json"),
            Refusal(
                method: "GET", target: "/v1", status: 404,
                error: "there is no route /v1; see /v1/models, /predict, /v1/registry/models, /healthz, /readyz, /metrics, /openapi.json"),
            Refusal(
                method: "GET", target: "/predict", status: 405, error: "GET is not allowed on /predict; allowed: POST, OPTIONS"),
            Refusal(
                method: "POST", target: "/healthz", body: "", status: 405,
                error: "POST is not allowed on /healthz; allowed: GET, HEAD, OPTIONS"),
            Refusal(
                method: "GET", target: "/v1/registry/models/unknown", status: 404, error: "no model \"unknown\" was ever seen"),
            Refusal(
                method: "GET", target: "/v1/registry/models/m/versions/x", status: 400,
                error: "\"x\" is no version; it is a number of at least 0"),
            Refusal(
                method: "GET", target: "/v1/registry/models/m/versions/13", status: 500,
                error: "the registry could not be read: Broken()"),
            Refusal(
                method: "GET", target: "/v1/registry/events?limit=0", status: 400,
                error: "the query's \"limit\" is \"0\"; it is a number of at least 1"),
            Refusal(
                method: "GET", target: "/v1/registry/events?foo=0", status: 400,
                error: "the query's \"foo\" is unknown; known are model, after and limit"),
        ])
    func refusals(_ refusal: Refusal) async throws {
        try await withServer(FakeBackend(versions: ["m": [1]])) { server in
            let answer = try await server.request(refusal.method, refusal.target, body: refusal.body)
            #expect(answer.status == refusal.status)
            #expect(answer.headers["content-type"] == "application/json")
            #expect(try answer.error == refusal.error)
        }
    }

    @Test("tells states, labels and signatures")
    func status() async throws {
        try await withServer(FakeBackend(versions: ["m": [1, 3]], labels: ["stable": 1])) { server in
            let failure = ServableError(.dataLoss, "model.onnx is \"truncated\"")
            let since = Timestamp(microsecondsSinceEpoch: 0)
            server.backend.board.set(
                ServableStatus(
                    id: ServableID(name: "m", version: 4), state: .end, error: failure, since: since, path: "/models/m/4"))
            let available: NSDictionary = ["error_code": "OK", "error_message": ""]
            let newest: NSDictionary = ["error_code": "DATA_LOSS", "error_message": "model.onnx is \"truncated\""]
            let all: NSDictionary = [
                "model_version_status": [
                    ["version": "4", "state": "END", "status": newest] as NSDictionary,
                    ["version": "3", "state": "AVAILABLE", "status": available] as NSDictionary,
                    ["version": "1", "state": "AVAILABLE", "status": available] as NSDictionary,
                ] as NSArray
            ]
            #expect(try await server.request("GET", "/v1/models/m").json == all)
            #expect(try await server.request("GET", "/V1/MODELS/m").json == all)
            let unlabelled = try await server.request("GET", "/v1/models/m/labels/any")
            #expect(unlabelled.status == 404)
            #expect(try unlabelled.error == "Could not find version label any of model m")
            let old: NSDictionary = [
                "model_version_status": [["version": "1", "state": "AVAILABLE", "status": available] as NSDictionary] as NSArray
            ]
            #expect(try await server.request("GET", "/V1/MODELS/m/labels/stable").json == old)
            let one = try await server.request("GET", "/v1/models/m/versions/3")
            #expect(try (one.json?["model_version_status"] as? NSArray)?.count == 1)
            #expect(try await server.request("HEAD", "/v1/models/m").body.isEmpty)

            let list = try await server.request("GET", "/v1/models")
            let model = try #require(try (list.json?["models"] as? [NSDictionary])?.first)
            #expect(model["name"] as? String == "m")
            #expect(model["labels"] as? NSDictionary == ["stable": 1])
            let versions = try #require(model["versions"] as? [NSDictionary])
            #expect(versions.map { $0["version"] as? Int } == [4, 3, 1])
            #expect(versions[0]["error"] as? String == "DATA_LOSS: model.onnx is \"truncated\"")
            #expect(versions[1]["error"] is NSNull)

            let metadata = try await server.request("GET", "/v1/models/m/labels/stable/metadata")
            #expect(try metadata.json?["model_spec"] as? NSDictionary == ["name": "m", "signature_name": "", "version": "1"])
            let signatures = try (metadata.json?["metadata"] as? NSDictionary)?["signature_def"] as? NSDictionary
            let serving = (signatures?["signature_def"] as? NSDictionary)?["serving_default"] as? NSDictionary
            let expected: NSDictionary = [
                "inputs": [
                    "x": [
                        "dtype": "DT_FLOAT", "name": "x:0",
                        "tensor_shape": [
                            "dim": [["size": "-1", "name": ""], ["size": "3", "name": ""]], "unknown_rank": false,
                        ] as NSDictionary,
                    ] as NSDictionary
                ] as NSDictionary,
                "outputs": [
                    "y": [
                        "dtype": "DT_FLOAT", "name": "y:0",
                        "tensor_shape": ["dim": [] as NSArray, "unknown_rank": true] as NSDictionary,
                    ] as NSDictionary
                ] as NSDictionary,
                "method_name": "tensorflow/serving/predict", "defaults": [:] as NSDictionary,
            ]
            #expect(serving == expected)
        }
    }

    @Test("tells health, readiness and metrics even when as many requests are under way as may be")
    func healthBeyondLimit() async throws {
        var limits = ConnectionLimits()
        limits.maxRequestsInFlight = 1
        let backend = FakeBackend()
        backend.held.withLock { $0 = [] }
        let server = try LiveServer(backend, limits: limits)
        let predict = "/v1/models/half_plus_two:predict", body = #"{"instances":[1.0,2.0,5.0]}"#
        async let first = server.request("POST", predict, body: body)
        while backend.held.withLock({ $0?.isEmpty ?? true }) { await Task.yield() }
        for target in ["/healthz", "/readyz", "/monitoring/prometheus/metrics"] {
            #expect(try await server.request("GET", target).status == 200, "\(target)")
        }
        let refused = try await server.request("POST", predict, body: body)
        #expect(refused.status == 503 && refused.headers["retry-after"] == "1")
        for complete in backend.held.withLock({ $0 ?? [] }) { complete() }
        #expect(try await first.status == 200)
        await server.stop()
    }

    @Test("tells health, readiness and metrics")
    func health() async throws {
        try await withServer { server in
            #expect(try await server.request("GET", "/healthz").json == ["status": "ok"])
            #expect(try await server.request("GET", "/readyz").status == 200)
            server.setUnready(["model \"m\" has no available version", "draining"])
            let unready = try await server.request("GET", "/readyz")
            #expect(unready.status == 503)
            #expect(try unready.json?["reasons"] as? [String] == ["model \"m\" has no available version", "draining"])
            #expect(try await server.request("GET", "/healthz").status == 200)
            let metrics = try await server.request("GET", "/monitoring/prometheus/metrics")
            #expect(metrics.headers["content-type"]?.hasPrefix("text/plain") == true)
            #expect(metrics.text == "# TYPE x counter\nx{} 1\n")
            #expect(try await server.request("GET", "/metrics").text == metrics.text)
            let query = try await server.request("GET", "/monitoring/prometheus/metrics?x=1")
            #expect(query.status == 400)
            #expect(query.text == "Unexpected path: /monitoring/prometheus/metrics?x=1. Should be /monitoring/prometheus/metrics")
        }
    }

    @Test("reads the registry")
    func registry() async throws {
        try await withServer { server in
            #expect(try await server.request("GET", "/v1/registry/models").text == "{\"models\":[]}\n")
            #expect(try await server.request("GET", "/v1/registry/models/a%20b").text == "{\"name\":\"a b\"}\n")
            #expect(try await server.request("GET", "/v1/registry/models/m/versions/7").text == "{\"name\":\"m\",\"version\":7}\n")
            let events = try await server.request("GET", "/v1/registry/events?model=a%2Fb&after=5&limit=9")
            #expect(events.text == "{\"model\":\"a/b\",\"after\":5,\"limit\":9}\n")
            #expect(try await server.request("GET", "/v1/registry/events").text == "{\"model\":\"-\",\"after\":0,\"limit\":-1}\n")
            #expect(try await server.request("DELETE", "/v1/registry/models/m").headers["allow"] == "GET, HEAD, OPTIONS")
        }
    }

    @Test("says when to come back after a full queue")
    func overload() async throws {
        try await withServer { server in
            for (code, status) in [(StatusCode.unavailable, 503), (.resourceExhausted, 429)] {
                server.backend.refusal.withLock { $0 = ServableError(code, "the queue is full") }
                let answer = try await server.request("POST", "/predict", body: "{\"inputs\":[1]}")
                #expect(answer.status == status)
                #expect(answer.headers["retry-after"] == "1")
            }
            server.backend.refusal.withLock { $0 = ServableError(.deadlineExceeded, "too late") }
            #expect(try await server.request("POST", "/predict", body: "{\"inputs\":[1]}").headers["retry-after"] == nil)
        }
    }

    @Test("gives a prediction the configured time, or less when the client says so")
    func deadline() async throws {
        try await withServer(FakeBackend(), RESTConfiguration(requestTimeout: .seconds(7))) { server in
            for (header, expected) in [(nil, 7000), ("250", 250), ("9000", 7000)] as [(String?, Int)] {
                let headers = header.map { ["X-Request-Timeout-Ms": $0] } ?? [:]
                _ = try await server.request("POST", "/predict", body: "{\"inputs\":[1]}", headers: headers)
                #expect(server.backend.lastTimeout.withLock { $0 } == .milliseconds(expected))
            }
            for wrong in ["", "0", "-1", "1.5", "soon", "99999999999999999999"] {
                let answer = try await server.request(
                    "POST", "/predict", body: "{\"inputs\":[1]}", headers: ["X-Request-Timeout-Ms": wrong])
                #expect(answer.status == 400)
                #expect(try answer.error?.contains("X-Request-Timeout-Ms is \"\(wrong)\"") == true)
            }
        }
        try await withServer(FakeBackend(), RESTConfiguration(requestTimeout: nil)) { server in
            _ = try await server.request("POST", "/predict", body: "{\"inputs\":[1]}")
            #expect(server.backend.lastTimeout.withLock { $0 } == .some(nil))
        }
    }

    @Test("tells the observer of model requests and of nothing else")
    func observer() async throws {
        try await withServer { server in
            _ = try await server.request("POST", "/v1/models/half_plus_two:predict", body: "{\"inputs\":[1]}")
            _ = try await server.request("POST", "/predict", body: "{\"inputs\":[1]}")
            _ = try await server.request("POST", "/v1/models/nope:predict", body: "{\"inputs\":[1]}")
            _ = try await server.request("GET", "/v1/models/half_plus_two")
            _ = try await server.request("GET", "/v1/bad")
            _ = try await server.request("GET", "/healthz")
            _ = try await server.request("GET", "/v1/registry/models")
            let told = server.observer.requests.withLock { $0 }
            #expect(told.map(\.record.model) == ["half_plus_two", "half_plus_two", "nope", "half_plus_two", ""])
            #expect(told.map(\.record.api) == [.predict, .predict, .predict, .other, .other])
            #expect(told.map(\.outcome.status) == [.ok, .ok, .notFound, .ok, .invalidArgument])
            #expect(told.map(\.record.version) == [1, 1, nil, nil, nil])
            #expect(told[0].record.signature == "serving_default")
            #expect(told.allSatisfy { $0.outcome.nanoseconds > 0 && $0.record.entrypoint == .rest })
        }
    }

    @Test("ignores the query of a question about a model, and refuses a call that has one")
    func queries() async throws {
        try await withServer { server in
            for query in ["?x=1", "?", "?a=b&c=d?e", "?q=%e2%82%ac"] {
                #expect(try await server.request("GET", "/v1/models/half_plus_two" + query).status == 200)
                #expect(try await server.request("GET", "/v1/models/half_plus_two/metadata" + query).status == 200)
            }
            let call = try await server.request("POST", "/v1/models/half_plus_two:predict?x=1", body: #"{"instances":[1.0]}"#)
            #expect(call.status == 400)
            #expect(call.text.contains("Malformed request: POST /v1/models/half_plus_two:predict?x=1"))
        }
    }

    @Test("answers preflights always and adds headers when asked to")
    func crossOrigin() async throws {
        try await withServer { server in
            let target = "/v1/models/half_plus_two:predict"
            #expect(try await server.request("OPTIONS", target, headers: ["Origin": "https://example.test"]).status == 200)
            let refused = try await server.request("OPTIONS", target)
            #expect(refused.status == 400)
            #expect(refused.body.isEmpty)
            #expect(refused.headers["allow"] == "GET, HEAD, POST, OPTIONS")
            #expect(try await server.request("OPTIONS", "/predict").headers["allow"] == "POST, OPTIONS")
            #expect(try await server.request("GET", "/healthz").headers["access-control-allow-origin"] == nil)
        }
        try await withServer(FakeBackend(), RESTConfiguration(isCORSEnabled: true)) { server in
            for target in ["/v1/models/half_plus_two", "/v1/models/nope", "/nowhere"] {
                let answer = try await server.request("GET", target)
                #expect(answer.headers["access-control-allow-origin"] == "*")
                #expect(answer.headers["access-control-allow-methods"] == "POST, GET")
                #expect(answer.headers["access-control-allow-headers"] == "Content-Type")
            }
        }
    }

    @Test("reads compressed bodies, and says what is wrong with those that it cannot read")
    func contentEncoding() async throws {
        let text = Array(#"{"model":"half_plus_two","instances":[1.0,2.0,5.0]}"#.utf8)
        var packed = ByteBuffer()
        let isPacked = try text.withUnsafeBytes { try #require(Deflater(level: 6)).compress($0, into: &packed, maxByteCount: 1000) }
        #expect(isPacked)
        let gzip = Array(packed.bytes)
        try await withServer { server in
            let answer = try await server.request("POST", "/predict", bytes: gzip, headers: ["Content-Encoding": "gzip"])
            #expect(answer.status == 200)
            #expect(try answer.json?["predictions"] as? [Double] == [2.5, 3.0, 4.5])
            for (encoding, body, status, words) in [
                ("br", text, 415, "\"br\""), ("gzip", text, 400, "corrupt"), ("gzip", gzip.dropLast(), 400, "before its end"),
            ] {
                let refused = try await server.request("POST", "/predict", bytes: body, headers: ["Content-Encoding": encoding])
                #expect(refused.status == status)
                #expect(try refused.error?.contains(words) == true)
            }
        }
    }
}
