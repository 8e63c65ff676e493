import Foundation
import Testing

extension EndToEnd {
    @Suite("Models that are not there")
    struct AbsentModelTests {
        /// Takes long enough to be met while it is loaded: 64 MiB of weights are read for each run of its warm-up record.
        private static let slow = TinyModel.scaling(by: 2, width: 4096)
            .with("assets.extra/tf_serving_warmup_requests", RecordFile.frames([WarmUpRecord.predict("x", shape: [1, 4096], of: 1)]))
        private static let manyRuns = "engine: {warm_up_iterations: 1000}"
        private static let row = "[" + [String](repeating: "1", count: 4096).joined(separator: ",") + "]"

        @Test("a model that is being loaded is answered 503, never 404, until it is there")
        func loading() async throws {
            let home = try TemporaryFolder()
            try Self.slow.publish(1, in: home["models/slow"])
            let daemon = try await DaemonProcess(in: home, "model_root: models\nlifecycle: {start_hold: 0s}\n" + Self.manyRuns)
            var statuses: Set<Int> = []
            let client = try daemon.connect()
            try await daemon.wait("the model") {
                for (method, path, body) in [
                    ("POST", "/v1/models/slow:predict", #"{"instances": [\#(Self.row)]}"#),
                    ("POST", "/v1/models/slow/versions/1:predict", #"{"instances": [\#(Self.row)]}"#),
                    ("POST", "/predict", #"{"model": "slow", "instances": [\#(Self.row)]}"#), ("GET", "/v1/models/slow", ""),
                    ("GET", "/v1/models/slow/metadata", ""),
                ] {
                    let response = try client.request(method, path, body: body)
                    statuses.insert(response.status)
                    guard response.status != 200 else { continue }
                    #expect(response.status == 503, "\(path): \(response.body)")
                    #expect(response.fields["retry-after"] != nil)
                }
                return try daemon.request("GET", "/readyz").status == 200
            }
            #expect(statuses.isSubset(of: [200, 503]) && statuses.contains(503))
        }

        @Test("requests wait for a model that is being loaded, as long as they are told to")
        func held() async throws {
            let home = try TemporaryFolder()
            try Self.slow.publish(1, in: home["slow"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: slow, path: slow}]\nlifecycle: {hold: 1m}\n" + Self.manyRuns)
            let crew = ClientCrew(count: 8) { _, _ in
                let response = try daemon.predict("slow", #"{"instances": [\#(Self.row)]}"#)
                #expect(response.status == 200 && response.fields["apus-model-version"] == "1", "\(response.body.prefix(200))")
            }
            let late = try daemon.predict("slow", #"{"instances": [\#(Self.row)]}"#, fields: [("X-Request-Timeout-Ms", "1")])
            #expect([200, 504].contains(late.status), "\(late.body.prefix(200))")
            #expect(await crew.finish() == [])
            #expect(try daemon.request("GET", "/readyz").status == 200)
        }

        @Test("requests that come while the daemon starts wait for the first loads, those for names that nobody configured do not")
        func start() async throws {
            let home = try TemporaryFolder()
            try Self.slow.publish(1, in: home["models/slow"])
            for _ in 0..<3 {
                let daemon = try await DaemonProcess(in: home, "model_root: models")
                let response = try daemon.predict("slow", #"{"instances": [\#(Self.row)]}"#)
                #expect(response.status == 200, "\(response.body.prefix(200))")
                #expect(try daemon.predict("other", #"{"instances": [1]}"#).status == 404)
                daemon.send(SIGTERM)
                #expect(try await daemon.exitStatus() == 0)
            }
        }

        @Test("404 is for names that nobody configured, and says which were probably meant")
        func unknown() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["models/shift"])
            let daemon = try await DaemonProcess(in: home, "model_root: models\nmodels: [{name: missing, path: nowhere}]")
            try await daemon.waitUntil("shift", 1, is: "AVAILABLE")
            for (path, status, text) in [
                ("/v1/models/shfit:predict", 404, #"Servable not found for request: Latest(shfit); did you mean "shift"?"#),
                ("/v1/models/other:predict", 404, "Servable not found for request: Latest(other)"),
                ("/v1/models/shift/versions/7:predict", 404, "Servable not found for request: Specific(shift, 7)"),
                ("/v1/models/missing:predict", 503, "Servable not available for request: Latest(missing): base path "),
            ] {
                let response = try daemon.request("POST", path, body: #"{"instances": [1]}"#)
                #expect(response.status == status)
                #expect(try response.error?.hasPrefix(text) == true, "\(response.body)")
            }
            #expect(try daemon.request("GET", "/v1/models/shfit").error?.hasSuffix(#"did you mean "shift"?"#) == true)
            #expect(try daemon.request("GET", "/v1/models/missing").error?.contains("nowhere") == true)
            #expect(try daemon.get("/v1/registry/events?model=missing")["events"].elements.contains { $0["kind"] == "model_unavailable" })
        }

        @Test("with nothing to serve the daemon is not ready, unless it may be")
        func nothing() async throws {
            let home = try TemporaryFolder()
            try FileManager.default.createDirectory(at: home["models"], withIntermediateDirectories: true)
            let daemon = try await DaemonProcess(in: home, "model_root: models")
            try await daemon.wait("a reason") {
                try daemon.request("GET", "/readyz").json["reasons"].elements.first?.text?.hasPrefix("no model is configured or found")
                    == true
            }
            #expect(try daemon.request("GET", "/readyz").status == 503)
            try TinyModel.adding(1).publish(1, in: home["models/shift"])
            try await daemon.waitUntilReady()
            try FileManager.default.removeItem(at: home["models/shift"])
            try await daemon.wait("no readiness") { try daemon.request("GET", "/readyz").status == 503 }

            let other = try TemporaryFolder()
            try FileManager.default.createDirectory(at: other["models"], withIntermediateDirectories: true)
            try await DaemonProcess(in: other, "model_root: models\nlifecycle: {allow_empty: true}").waitUntilReady()
        }
    }
}
