import Foundation
import Testing

extension EndToEnd {
    @Suite("Routes")
    struct RouteTests {
        @Test("row and column form answer alike, in their own form, on one connection")
        func forms() async throws {
            let daemon = try await Self.daemon()
            let client = try daemon.connect()
            let path = "/v1/models/half_plus_two:predict"
            let row = try client.request("POST", path, body: #"{"instances": [1.0, 2.0, 5.0]}"#)
            #expect(row.fields["apus-model-version"] == "1")
            #expect(try row.json == ["predictions": [2.5, 3.0, 4.5]])
            let named = try client.request("POST", path, body: #"{"instances": [{"x": 1.0}, {"x": 2.0}]}"#)
            #expect(try named.json == ["predictions": [2.5, 3.0]])
            let column = try client.request("POST", path, body: #"{"inputs": [1.0, 2.0, 5.0]}"#)
            #expect(try column.json == ["outputs": [2.5, 3.0, 4.5]])
            let namedColumn = try client.request("POST", path, body: #"{"signature_name": "serving_default", "inputs": {"x": [5]}}"#)
            #expect(try namedColumn.json == ["outputs": [4.5]])
        }

        @Test("a chunked body and pipelined requests are answered in order")
        func framing() async throws {
            let daemon = try await Self.daemon()
            let client = try daemon.connect()
            let path = "/v1/models/half_plus_two:predict"
            let head = HTTPClient.head("POST", path, fields: [("Host", "localhost"), ("Transfer-Encoding", "chunked")])
            try client.send(head + "6\r\n{\"inst\r\nb\r\nances\": [1]\r\n1\r\n}\r\n0\r\n\r\n")
            for number in 2...20 { try client.send("POST", path, body: #"{"instances": [\#(number)]}"#) }
            for number in 1...20 {
                #expect(try client.receive().json["predictions"] == [.number(Double(number) / 2 + 2)])
            }
        }

        @Test("status and metadata are TensorFlow Serving's")
        func statusAndMetadata() async throws {
            let daemon = try await Self.daemon()
            let status = try daemon.get("/v1/models/half_plus_two")
            #expect(
                status == [
                    "model_version_status": [
                        ["version": "1", "state": "AVAILABLE", "status": ["error_code": "OK", "error_message": ""]]
                    ]
                ])
            #expect(try daemon.get("/v1/models/half_plus_two/versions/1") == status)
            let metadata = try daemon.get("/v1/models/half_plus_two/metadata")
            #expect(metadata["model_spec"]["name"] == "half_plus_two")
            #expect(metadata["model_spec"]["version"] == "1")
            let signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
            #expect(signature["inputs"]["x"]["dtype"] == "DT_FLOAT")
            #expect(signature["inputs"]["x"]["tensor_shape"]["dim"][0]["size"] == "-1")
            #expect(signature["outputs"].keys == ["y"])
        }

        @Test("health, readiness and the list of models tell how the daemon is")
        func health() async throws {
            let daemon = try await Self.daemon()
            #expect(try daemon.request("GET", "/healthz").status == 200)
            #expect(try daemon.request("GET", "/readyz").status == 200)
            let models = try daemon.get("/v1/models")["models"]
            #expect(models.elements.map { $0["name"] } == ["half_plus_two"])
            let version = models[0]["versions"][0]
            #expect(version["version"] == 1)
            #expect(version["state"] == "AVAILABLE")
            #expect(version["error"] == nil)
            #expect(version["path"].text == daemon.home["models/half_plus_two/1"].path)
        }

        @Test("the registry shows what a version is made of and how it is")
        func registry() async throws {
            let daemon = try await Self.daemon()
            var version = JSON.null
            // The record follows the events, and the digest is reckoned in the background.
            try await daemon.wait("the registry to know the version") {
                version = try daemon.get("/v1/registry/models")["models"].element(where: "name", is: "half_plus_two")["versions"][0]
                return version["state"] == "AVAILABLE" && version["digest"] != nil
            }
            let file = try Data(contentsOf: daemon.home["models/half_plus_two/1/model.onnx"])
            #expect(version["version"] == 1)
            #expect(version["format"] == "onnx")
            #expect(version["size"] == .number(Double(file.count)))
            #expect(version["digest"].text?.wholeMatch(of: /[0-9a-f]{64}/) != nil)
            #expect(version["signatures"][0]["name"] == "serving_default")
            #expect(try daemon.get("/v1/registry/models/half_plus_two/versions/1") == version)
            #expect(try daemon.get("/v1/registry/models/half_plus_two")["versions"] == [version])
        }

        private static let signature = #"model="half_plus_two",version="1",signature="serving_default""#

        @Test("metrics carry TensorFlow Serving's names and count every request")
        func metrics() async throws {
            let daemon = try await Self.daemon()
            for _ in 0..<3 { _ = try daemon.request("POST", "/v1/models/half_plus_two:predict", body: #"{"instances": [1.0]}"#) }
            _ = try daemon.request("POST", "/v1/models/half_plus_two:predict", body: #"{"instances": ["one"]}"#)
            try await daemon.wait("the last response to be counted as sent") {
                try daemon.metric("apus_stage_seconds_count{\(Self.signature),stage=\"write\"}") == 3
            }
            let response = try daemon.request("GET", "/monitoring/prometheus/metrics")
            #expect(response.status == 200)
            for stage in ["read", "parse", "queue", "assemble", "run", "encode"] {
                #expect(response.body.contains("apus_stage_seconds_count{\(Self.signature),stage=\"\(stage)\"} 3\n"), "\(stage)")
            }
            for name in ["process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds", "apus_memory_used_bytes"] {
                #expect(try #require(try daemon.metric(name)) > 0, "\(name)")
            }
            #expect(response.fields["content-type"]?.hasPrefix("text/plain") == true)
            for line in [
                #":tensorflow:serving:request_count{model_name="half_plus_two",status="OK"} 3"#,
                #":tensorflow:serving:request_count{model_name="half_plus_two",status="INVALID_ARGUMENT"} 1"#,
                #":tensorflow:serving:request_latency_count{model_name="half_plus_two",API="predict",entrypoint="REST"} 3"#,
                #"apus_requests_total{model="half_plus_two",version="1",signature="serving_default",status="OK"} 3"#,
                #"apus_model_state{model="half_plus_two",version="1",state="AVAILABLE"} 1"#,
                #":tensorflow:serving:runtime_latency_count{model_name="half_plus_two",API="Predict",runtime="TF1"} 3"#,
                #":tensorflow:serving:batching_session:queuing_latency_count{thread_pool_name=""} 3"#,
                ":tensorflow:serving:batching_session:wrapped_run_count{} 3",
                ":tensorflow:serving:batching_session:input_batch_size_count{} 3",
                ":tensorflow:serving:batching_session:processed_batch_size_count{} 3",
                #":tensorflow:serving:batching_session:padding_size_count{execution_batch_size="1"} 3"#,
                #"apus_model_loads_total{model="half_plus_two",outcome="success"} 1"#,
                #"apus_model_load_seconds_count{outcome="success"} 1"#, "apus_ready 1", "apus_config_last_reload_successful 1",
                "apus_registry_write_failures_total 0", "apus_requests_in_flight 1",
            ] {
                #expect(response.body.contains(line + "\n"), "\(line)")
            }
        }

        @Test("versions and labels are addressed by the path and by the body")
        func selection() async throws {
            let home = try TemporaryFolder()
            for version in 1...3 { try TinyModel.adding(version).publish(version, in: home["shift"]) }
            let daemon = try await DaemonProcess(
                in: home, "models: [{name: shift, path: shift, versions: [1, 3], labels: {stable: 1}}]")
            for version in [1, 3] { try await daemon.waitUntil("shift", version, is: "AVAILABLE") }
            let asked: [(path: String, body: String, version: JSON)] = [
                ("/v1/models/shift:predict", "", 3), ("/v1/models/shift/versions/1:predict", "", 1),
                ("/v1/models/shift/labels/stable:predict", "", 1), ("/predict", "", 3), ("/predict", #""version": 1, "#, 1),
                ("/predict", #""label": "stable", "#, 1),
            ]
            for (path, body, version) in asked {
                let response = try daemon.request("POST", path, body: "{\(body)\"instances\": [0]}")
                #expect(try response.json["predictions"] == [version], "\(path) \(body)")
                #expect(response.fields["apus-model-version"].map { JSON.number(Double($0) ?? -1) } == version)
            }
            #expect(try daemon.request("POST", "/v1/models/shift/versions/2:predict", body: #"{"instances": [0]}"#).status == 404)
        }

        private static func daemon() async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await DaemonProcess(in: home, "model_root: models")
            try await daemon.waitUntilReady()
            return daemon
        }
    }
}
