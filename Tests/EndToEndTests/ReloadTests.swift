import Foundation
import Testing

extension EndToEnd {
    @Suite("Reload")
    struct ReloadTests {
        private static let one = "models: [{name: one, path: one}]"
        private static let both = "models: [{name: one, path: one}, {name: two, path: two}]"

        @Test("SIGHUP puts a new configuration in force while connections go on")
        func accepted() async throws {
            let daemon = try await Self.daemon()
            let client = try daemon.connect()
            #expect(try Self.predict(client, "one").json == ["predictions": [1]])
            try daemon.home.write(Self.both, to: "apus.yaml")
            daemon.send(SIGHUP)
            try await daemon.waitUntil("two", 1, is: "AVAILABLE")
            #expect(try Self.predict(client, "two").json == ["predictions": [2]])
            #expect(try Self.predict(client, "one").json == ["predictions": [1]])
            try daemon.home.write("models: [{name: two, path: two}]", to: "apus.yaml")
            daemon.send(SIGHUP)
            try await daemon.waitUntil("one", 1, is: "END")
            #expect(try Self.predict(client, "one").status == 404)
            #expect(try Self.predict(client, "two").json == ["predictions": [2]])
        }

        @Test("a changed file is noticed without a signal when that is asked for, also one in protobuf's text format")
        func polled() async throws {
            let home = try TemporaryFolder()
            for model in ["one", "two"] { try TinyModel.adding(model == "one" ? 1 : 2).publish(1, in: home[model]) }
            func write(_ models: [String]) throws {
                let entries = models.map { #"config { name: "\#($0)" base_path: "\#(home[$0].path)" model_platform: "onnx" }"# }
                try home.write("model_config_list { \(entries.joined(separator: " ")) }", to: "models.config")
            }
            try write(["one"])
            try home.write("lifecycle: {config_poll_interval: 20ms}", to: "apus.yaml")
            let daemon = try await DaemonProcess(
                in: home, configurationFile: home["apus.yaml"], flags: ["--model_config_file=\(home["models.config"].path)"])
            try await daemon.waitUntilReady()
            try write(["one", "two"])
            try await daemon.waitUntil("two", 1, is: "AVAILABLE")
            // A wrong file is refused once, and the old one stays.
            try home.write("improperly formatted file", to: "models.config")
            let refused = try await daemon.waitForLog("the new configuration is refused and the old one stays")
            #expect(refused.contains("models.config:1"))
            #expect(try daemon.metric("apus_config_last_reload_successful") == 0)
            #expect(try daemon.predict("two", #"{"instances": [0]}"#).status == 200)
            try write(["two"])
            try await daemon.waitUntil("one", 1, is: "END")
            #expect(try daemon.metric("apus_config_last_reload_successful") == 1)
        }

        struct Refusal: Sendable, CustomTestStringConvertible {
            let configuration: String
            let says: String
            var testDescription: String { says }
        }

        @Test(
            "SIGHUP refuses a wrong configuration whole, says why, and the old one stays",
            arguments: [
                Refusal(configuration: both + "\nserver: {limts: {}}", says: #"server.limts: unknown key; did you mean "limits"?"#),
                Refusal(configuration: both + "\nengine: {lanes: many}", says: #"engine.lanes: found "many"; expected"#),
                Refusal(configuration: both + "\nlog: [", says: "apus.yaml:"),
            ])
        func refused(refusal: Refusal) async throws {
            let daemon = try await Self.daemon()
            try daemon.home.write(refusal.configuration, to: "apus.yaml")
            daemon.send(SIGHUP)
            let line = try await daemon.waitForLog("the new configuration is refused and the old one stays")
            #expect(line.contains(refusal.says))
            let client = try daemon.connect()
            #expect(try Self.predict(client, "one").json == ["predictions": [1]])
            #expect(try Self.predict(client, "two").status == 404)
            // The refusal leaves nothing behind that a right configuration would trip over.
            try daemon.home.write(Self.both, to: "apus.yaml")
            daemon.send(SIGHUP)
            try await daemon.waitUntil("two", 1, is: "AVAILABLE")
        }

        private static func daemon() async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["one"])
            try TinyModel.adding(2).publish(1, in: home["two"])
            let daemon = try await DaemonProcess(in: home, one)
            try await daemon.waitUntilReady()
            return daemon
        }

        private static func predict(_ client: HTTPClient, _ model: String) throws -> HTTPResponse {
            try client.request("POST", "/v1/models/\(model):predict", body: #"{"instances": [0]}"#)
        }
    }
}
