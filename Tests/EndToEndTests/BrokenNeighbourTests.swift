import Foundation
import Testing

extension EndToEnd {
    @Suite("Broken neighbours")
    struct BrokenNeighbourTests {
        @Test("models that cannot be loaded are told of, and the good one keeps serving")
        func neighbours() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["good"])
            try TinyModel.unknownOperator.publish(1, in: home["unknown"])
            try TinyModel.truncated.publish(1, in: home["truncated"])
            try TinyModel.cyclic.publish(1, in: home["cyclic"])
            let names = ["good", "unknown", "truncated", "cyclic", "missing"]
            let entries = names.map { "{name: \($0), path: \($0)}" }.joined(separator: ", ")
            let daemon = try await DaemonProcess(in: home, "models: [\(entries)]")
            try await daemon.waitUntil("good", 1, is: "AVAILABLE")
            for name in ["unknown", "truncated", "cyclic"] { try await daemon.waitUntil(name, 1, is: "END") }

            #expect(try Self.predict(daemon, "good").json == ["predictions": [2]])
            let readiness = try daemon.request("GET", "/readyz")
            #expect(readiness.status == 503)
            let reasons = try readiness.json["reasons"].elements.compactMap(\.text)
            #expect(reasons.count == 4)
            for name in names.dropFirst() { #expect(reasons.contains { $0.hasPrefix("model \"\(name)\" has no available version") }) }
            #expect(try daemon.request("GET", "/healthz").status == 200)

            let models = try daemon.get("/v1/models")["models"]
            for (name, fault) in [("unknown", "Frobnicate"), ("truncated", "cut off"), ("cyclic", "cycle")] {
                let error = models.element(where: "name", is: .string(name))["versions"][0]["error"].text
                #expect(error?.contains(fault) == true, "\(name)")
            }
            #expect(models.element(where: "name", is: "missing")["problem"].text?.contains(home["missing"].path) == true)
            #expect(models.element(where: "name", is: "good")["versions"][0]["error"] == nil)
            let status = try daemon.get("/v1/models/unknown")["model_version_status"][0]["status"]
            #expect(status["error_code"] == "UNIMPLEMENTED")
            let refused = try Self.predict(daemon, "unknown")
            #expect(refused.status == 503, "404 is for names that nobody configured")
            #expect(try refused.error?.contains("Frobnicate") == true)
        }

        @Test("a broken new version leaves the old one serving, and a sound one after it takes over")
        func brokenSuccessor() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["shift"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: shift, path: shift}]")
            try await daemon.waitUntilReady()
            try TinyModel.truncated.publish(2, in: home["shift"])
            try await daemon.waitUntil("shift", 2, is: "END")
            #expect(try Self.predict(daemon, "shift").json == ["predictions": [2]])
            #expect(try daemon.request("GET", "/readyz").status == 200)
            try TinyModel.adding(3).publish(3, in: home["shift"])
            try await daemon.waitUntil("shift", 3, is: "AVAILABLE")
            try await daemon.waitUntil("shift", 1, is: "END")
            #expect(try Self.predict(daemon, "shift").json == ["predictions": [4]])
        }

        private static func predict(_ daemon: DaemonProcess, _ model: String) throws -> HTTPResponse {
            try daemon.request("POST", "/v1/models/\(model):predict", body: #"{"instances": [1]}"#)
        }
    }
}
