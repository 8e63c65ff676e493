import Foundation
import Testing

extension EndToEnd {
    /// Loading and unloading by the Open Inference Protocol, and who may.
    @Suite("Repository control")
    struct RepositoryControlTests {
        private static func daemon(_ home: TemporaryFolder) async throws -> DaemonProcess {
            let socket = home["apus.sock"].path
            let daemon = try await DaemonProcess(
                in: home, "{ model_root: models, server: { listeners: [ { unix: \"\(socket)\" } ] } }")
            try await daemon.waitUntilReady()
            return daemon
        }

        private static func token(_ role: String, _ home: TemporaryFolder) async throws -> String {
            let command = try await ApusCommand(
                "registry", "token", "create", "--name", role, "--role", role, "--config", home["apus.yaml"].path, "--set",
                "registry.path=\(home["registry.sqlite"].path)", home: home)
            try #require(command.status == 0, "\(command.errors)")
            return try #require(command.output.split(separator: "\n").last.map(String.init))
        }

        private static func change(
            _ daemon: DaemonProcess, _ what: String, _ token: String? = nil, model: String = "half_plus_two", body: String = ""
        ) throws -> HTTPResponse {
            try daemon.connect().request(
                "POST", "/v2/repository/models/\(model)/\(what)", body: body,
                fields: [("Connection", "close")] + (token.map { [("Authorization", "Bearer \($0)")] } ?? []))
        }

        private static func infer(_ daemon: DaemonProcess) throws -> Int {
            let body = #"{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}"#
            return try daemon.request("POST", "/v2/models/half_plus_two/infer", body: body).status
        }

        @Test("needs a token of the role admin, and says how to make one")
        func roles() async throws {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await Self.daemon(home)
            let without = try Self.change(daemon, "unload")
            #expect(without.status == 403)
            #expect(try without.error?.contains("apus registry token create") == true)
            let predict = try await Self.token("predict", home), admin = try await Self.token("admin", home)
            let none = try Self.change(daemon, "unload")
            #expect(none.status == 401)
            #expect(none.fields["www-authenticate"]?.hasPrefix("Bearer") == true)
            #expect(try Self.change(daemon, "unload", "wrong").status == 401)
            #expect(try Self.change(daemon, "unload", predict).status == 403)
            #expect(try Self.infer(daemon) == 200)
            #expect(try Self.change(daemon, "unload", admin).status == 200)
            let revoked = try await ApusCommand(
                "registry", "token", "revoke", "--name", "admin", "--config", home["apus.yaml"].path, "--set",
                "registry.path=\(home["registry.sqlite"].path)", home: home)
            #expect(revoked.status == 0)
            #expect(try Self.change(daemon, "load", admin).status == 401)
        }

        @Test("takes a model out of service, over a restart too, and brings it back ready")
        func unloadAndLoad() async throws {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            try home.copyModel("digits")
            var daemon = try await Self.daemon(home)
            let admin = try await Self.token("admin", home)
            #expect(try Self.change(daemon, "unload", admin, body: #"{"parameters":{"unload_dependents":false}}"#).status == 200)
            #expect(try Self.infer(daemon) == 503)
            #expect(try daemon.request("GET", "/v2/models/half_plus_two/ready").status == 503)
            #expect(try daemon.request("GET", "/v2/health/ready").status == 200)
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            daemon = try await Self.daemon(home)
            #expect(try Self.infer(daemon) == 503)
            #expect(try daemon.request("GET", "/v2/models/digits/ready").status == 200)
            let loaded = try Self.change(daemon, "load", admin, body: "{}")
            #expect(loaded.status == 200 && loaded.body.isEmpty)
            #expect(try Self.infer(daemon) == 200)
            let events = try daemon.get("/v1/registry/events?model=half_plus_two&limit=100")["events"].elements
            #expect(events.contains { $0["kind"] == "model_unload_requested" && $0["actor"] == "admin" })
            #expect(try Self.change(daemon, "load", admin).status == 200, "what is loaded is loaded again")
            #expect(try Self.infer(daemon) == 200)
        }

        @Test("refuses what it does not offer, and models that are not there")
        func refusals() async throws {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await Self.daemon(home)
            let admin = try await Self.token("admin", home)
            for (what, body) in [
                ("load", #"{"parameters":{"config":"{}"}}"#), ("load", #"{"parameters":{"file:1/model.onnx":"YQ=="}}"#),
                ("load", #"{"parameters":{"zzz":1}}"#), ("load", "{"), ("unload", #"{"parameters":{"unload_dependents":1}}"#),
                ("unload", #"{"parameters":{"zzz":true}}"#),
            ] {
                #expect(try Self.change(daemon, what, admin, body: body).status == 400, "\(what) \(body)")
            }
            #expect(try Self.change(daemon, "load", admin, model: "missing").status == 404)
            #expect(try Self.change(daemon, "unload", admin, model: "missing").status == 404)
            #expect(try Self.infer(daemon) == 200)
        }
    }
}
