import Foundation
import Testing

extension EndToEnd {
    @Suite("Models loaded on demand")
    struct OnDemandTests {
        @Test("more models than the budget holds are each answered, and memory stays within it")
        func many() async throws {
            let home = try TemporaryFolder(), count = 60, width = 256
            // Each has 256 KiB of weights; some ten fit.
            for number in 0..<count { try TinyModel.scaling(by: number, width: width).publish(1, in: home["models/m\(number)"]) }
            let daemon = try await DaemonProcess(
                in: home, "model_root: models\nlifecycle: {load: on_demand}\nengine: {memory_budget: 8MiB, lanes: 2}")
            try await daemon.waitUntilReady()
            #expect(try daemon.metric(#"apus_model_state{model="m0",version="1",state="START"}"#) == 1)
            let body = #"{"instances": [\#([Int](repeating: 1, count: width))]}"#
            let crew = ClientCrew(count: 3) { client, _ in
                let connection = try daemon.connect()
                for turn in 0..<count {
                    let number = (turn * 7 + client * 20) % count
                    let response = try connection.request("POST", "/v1/models/m\(number):predict", body: body)
                    #expect(response.status == 200, "m\(number): \(response.body.prefix(300))")
                    #expect(try response.json["predictions"][0][0] == .number(Double(number)), "m\(number)")
                }
            }
            #expect(await crew.finish() == [])
            let models = try daemon.get("/v1/models")["models"].elements
            let served = models.count { $0["versions"].elements.contains { $0["state"] == "AVAILABLE" } }
            #expect(served > 0 && served < count / 2)
            #expect(try daemon.request("GET", "/readyz").status == 200)
        }

        @Test("a pinned model stays, metadata loads too, and a model that can never fit is refused")
        func pinned() async throws {
            let home = try TemporaryFolder()
            for name in ["pinned", "a", "b"] { try TinyModel.scaling(by: 3, width: 512).publish(1, in: home[name]) }
            try TinyModel.scaling(by: 3, width: 2048).publish(1, in: home["huge"])
            let entries = ["pinned", "a", "b", "huge"].map {
                "{name: \($0), path: \($0), load: on_demand, pinned: \($0 == "pinned")}"
            }.joined(separator: ", ")
            let daemon = try await DaemonProcess(in: home, "models: [\(entries)]\nengine: {memory_budget: 6MiB}")
            try await daemon.waitUntilReady()
            for name in ["pinned", "a", "b", "a", "b"] {
                let metadata = try daemon.request("GET", "/v1/models/\(name)/metadata")
                #expect(metadata.status == 200 && metadata.fields["apus-model-version"] == "1", "\(name): \(metadata.body)")
                #expect(try daemon.state("pinned", 1) == "AVAILABLE")
            }
            let refused = try daemon.predict("huge", #"{"instances": []}"#)
            #expect(refused.status == 503 && refused.fields["retry-after"] != nil)
            #expect(try refused.error?.contains("RESOURCE_EXHAUSTED") == true, "\(refused.body)")
            #expect(try daemon.state("pinned", 1) == "AVAILABLE")
            #expect(try daemon.request("GET", "/readyz").status == 200)
        }
    }
}
