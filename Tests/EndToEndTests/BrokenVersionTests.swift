import Foundation
import Testing

extension EndToEnd {
    /// A broken newest version was a time bomb: the next restart took the whole model down.
    @Suite("A broken newest version")
    struct BrokenVersionTests {
        private static let configuration = "models: [{name: shift, path: shift}]"

        private static func predict(_ daemon: DaemonProcess) throws -> JSON {
            try daemon.predict("shift", #"{"instances": [1]}"#).json["predictions"]
        }

        /// `/readyz` answers 200, says that something is amiss, and names it.
        private static func expectDegraded(_ daemon: DaemonProcess, _ parts: String...) throws {
            let readiness = try daemon.request("GET", "/readyz")
            #expect(readiness.status == 200)
            #expect(try readiness.json["status"] == "degraded")
            let reasons = try readiness.json["reasons"].elements.compactMap(\.text)
            #expect(reasons.count == 1)
            for part in parts { #expect(reasons.first?.contains(part) == true, "\(reasons)") }
        }

        @Test("leaves the model served, while the daemon runs and after a restart", arguments: [SIGTERM, SIGKILL])
        func restart(signal: Int32) async throws {
            let home = try TemporaryFolder()
            for version in 1...2 { try TinyModel.adding(version).publish(version, in: home["shift"]) }
            let before = try await DaemonProcess(in: home, Self.configuration)
            try await before.waitUntilReady()
            #expect(try before.get("/readyz")["status"] == "ready")
            try TinyModel.truncated.publish(3, in: home["shift"])
            try await before.waitUntil("shift", 3, is: "END")
            #expect(try Self.predict(before) == [3])
            try Self.expectDegraded(before, "model \"shift\": version 3 is END", "version 2 serves")
            try await before.wait("the record of the failure") {
                try before.get("/v1/registry/events?model=shift")["events"].elements.contains { $0["kind"] == "load_failed" }
            }
            before.send(signal)
            _ = try await before.exitStatus()

            let after = try await DaemonProcess(in: home, Self.configuration)
            try await after.waitUntil("shift", 2, is: "AVAILABLE")
            #expect(try Self.predict(after) == [3])
            try Self.expectDegraded(after, "model \"shift\": version 3 is END", "version 2 serves")
            #expect(try after.state("shift", 1) == nil, "what served before is tried first")
            #expect(try after.metric(#"apus_model_loads_total{model="shift",outcome="failure"}"#) == 1)
            #expect(try after.metric(#"apus_model_loads_total{model="shift",outcome="success"}"#) == 1)
            for outcome in ["success", "failure"] {
                #expect(try after.metric("apus_model_load_seconds_count{outcome=\"\(outcome)\"}") == 1)
            }
            try TinyModel.adding(9).publish(4, in: home["shift"])
            try await after.waitUntil("shift", 2, is: "END")
            #expect(try Self.predict(after) == [10])
            #expect(try after.get("/readyz")["status"] == "ready")
        }

        @Test("is passed over at the first start too, as are those before it")
        func firstStart() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["shift"])
            try TinyModel.cyclic.publish(2, in: home["shift"])
            try TinyModel.unknownOperator.publish(3, in: home["shift"])
            let daemon = try await DaemonProcess(in: home, Self.configuration)
            try await daemon.waitUntilReady()
            #expect(try Self.predict(daemon) == [2])
            try Self.expectDegraded(daemon, "version 3 is END: UNIMPLEMENTED", "version 1 serves")
            try FileManager.default.removeItem(at: home["shift/3"])
            try FileManager.default.removeItem(at: home["shift/2"])
            try await daemon.wait("all to be well") { try daemon.get("/readyz")["status"] == "ready" }
            #expect(try Self.predict(daemon) == [2])
        }

        @Test("takes no version down that a list of versions does not name")
        func listed() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["shift"])
            try TinyModel.truncated.publish(2, in: home["shift"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: shift, path: shift, versions: [2]}]")
            try await daemon.waitUntil("shift", 2, is: "END")
            let response = try daemon.predict("shift", #"{"instances": [1]}"#)
            #expect(response.status == 503 && response.fields["retry-after"] != nil)
            #expect(try response.error?.hasPrefix("Servable not available for request: Latest(shift): version 2 is END: DATA_LOSS") == true)
            #expect(try daemon.request("GET", "/readyz").status == 503)
        }
    }
}
