import Foundation
import Testing

extension EndToEnd {
    @Suite("Models where version folders should be, labels, and names of requests")
    struct FlatModelTests {
        private static func flat(_ model: TinyModel, at url: URL) throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            try Data(model.bytes).write(to: url.appending(path: "model.onnx"))
        }

        @Test("a folder that itself holds a model is served as version 1, with a notice, until numbered versions appear")
        func flatFolder() async throws {
            let home = try TemporaryFolder()
            try Self.flat(.adding(1), at: home["models/rooted"])
            try Self.flat(.adding(2), at: home["named"])
            let daemon = try await DaemonProcess(in: home, "model_root: models\nmodels: [{name: named, path: named}]")
            try await daemon.waitUntilReady()
            #expect(try daemon.predict("rooted", #"{"instances": [1]}"#).json["predictions"] == [2])
            #expect(try daemon.predict("named", #"{"instances": [1]}"#).fields["apus-model-version"] == "1")
            try await daemon.waitForLog("itself holds model.onnx and no numbered version: it is served as version 1")
            try TinyModel.adding(5).publish(2, in: home["named"])
            try await daemon.waitUntil("named", 2, is: "AVAILABLE")
            #expect(try daemon.predict("named", #"{"instances": [1]}"#).json["predictions"] == [6])
        }

        @Test("labels take effect when their version does, and select it in predictions and in the status")
        func labels() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["m"])
            let labels = "models: [{name: m, path: m, versions: all, labels: {stable: 1, canary: 2}}]"
            let daemon = try await DaemonProcess(in: home, labels)
            try await daemon.waitUntilReady()
            func predict(_ label: String) throws -> HTTPResponse {
                try daemon.request("POST", "/v1/models/m/labels/\(label):predict", body: #"{"instances": [1]}"#)
            }
            #expect(try predict("stable").json["predictions"] == [2])
            #expect(try predict("canary").status == 404)
            #expect(try predict("nope").status == 400)
            try TinyModel.adding(2).publish(2, in: home["m"])
            try await daemon.waitUntil("m", 2, is: "AVAILABLE")
            #expect(try predict("canary").json["predictions"] == [3])
            let status = try daemon.get("/v1/models/m/labels/canary")["model_version_status"].elements
            #expect(status.map { $0["version"] } == ["2"])
            #expect(try daemon.request("GET", "/v1/models/m/labels/nope").status == 404)
        }

        @Test("a file that changes under a version is reported within a poll and at the next start")
        func changedFile() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["m"])
            let configuration = "models: [{name: m, path: m}]"
            let before = try await DaemonProcess(in: home, configuration)
            try await before.waitUntilReady()
            try await before.wait("the record") { try before.get("/v1/registry/models/m/versions/1")["digest"] != nil }
            try Data(TinyModel.adding(7).bytes).write(to: home["m/1/model.onnx"])
            try await before.waitForLog("have changed since it was loaded; what is loaded goes on serving")
            #expect(try before.predict("m", #"{"instances": [1]}"#).json["predictions"] == [2])
            let status = try before.get("/v1/models/m")["model_version_status"][0]
            #expect(status["state"] == "AVAILABLE" && status["status"]["error_code"] == "OK")
            #expect(status["status"]["error_message"].text?.contains("have changed") == true)
            try await before.wait("the event") {
                try before.get("/v1/registry/events?model=m")["events"].elements.contains { $0["kind"] == "files_changed" }
            }
            before.send(SIGTERM)
            _ = try await before.exitStatus()
            let after = try await DaemonProcess(in: home, configuration)
            try await after.waitForLog("its files are not those that it was loaded from before")
            #expect(try after.get("/v1/models")["models"][0]["versions"][0]["notice"].text?.contains("not those") == true)
        }

        @Test("a file that changes is taken when that is wished, with no request refused meanwhile")
        func reloadedFile() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["m"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: m, path: m}]\nlifecycle: {changed_in_place: reload}")
            try await daemon.waitUntilReady()
            let crew = ClientCrew(count: 2) { _, crew in
                let connection = try daemon.connect()
                while !crew.isStopping {
                    let response = try connection.request("POST", "/v1/models/m:predict", body: #"{"instances": [1]}"#)
                    #expect(response.status == 200, "\(response.body)")
                }
            }
            try Data(TinyModel.adding(7).bytes).write(to: home["m/1/model.onnx"])
            try await daemon.wait("the new content") { try daemon.predict("m", #"{"instances": [1]}"#).json["predictions"] == [8] }
            crew.stop()
            #expect(await crew.finish() == [])
        }

        @Test("every answer says what its request is called, and the version that made it; the access log has both names")
        func names() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(4, in: home["m"])
            let daemon = try await DaemonProcess(
                in: home, "models: [{name: m, path: m}]\nserver: {access_log: {destination: \(home["access.log"].path), format: json}}")
            try await daemon.waitUntilReady()
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let named = try daemon.predict(
                "m", #"{"instances": [1]}"#, fields: [("X-Request-Id", "mine-1"), ("traceparent", trace)])
            #expect(named.fields["x-request-id"] == "mine-1" && named.fields["traceparent"] == trace)
            var made: Set<String> = []
            for (method, path, body, version) in [
                ("POST", "/v1/models/m:predict", #"{"instances": [1]}"#, "4"),
                ("POST", "/v1/models/m:predict", #"{"instances": ["x"]}"#, "4"),
                ("GET", "/v1/models/m/metadata", "", "4"), ("GET", "/v1/models/m", "", nil), ("GET", "/nowhere", "", nil),
                ("GET", "/readyz", "", nil), ("GET", "/metrics", "", nil),
            ] as [(String, String, String, String?)] {
                let response = try daemon.connect().request(
                    method, path, body: body, fields: [("X-Request-Id", "not a name"), ("traceparent", "00-0-0-0")])
                #expect(response.fields["apus-model-version"] == version, "\(path)")
                let id = try #require(response.fields["x-request-id"], "\(path)")
                #expect(id.wholeMatch(of: /[0-9a-f]{16}/) != nil && made.insert(id).inserted)
                #expect(response.fields["traceparent"] == nil)
            }
            try await daemon.wait("the log") {
                let log = try String(contentsOf: home["access.log"], encoding: .utf8)
                return log.contains(#""request_id":"mine-1","traceparent":"\#(trace)""#)
                    && made.allSatisfy { log.contains("\"request_id\":\"\($0)\"") }
            }
        }
    }
}
