import Foundation
import Testing

extension EndToEnd {
    /// `batching_params.pbtxt` in the folder of a version.
    @Suite("Batching by version")
    struct BatchingFileTests {
        /// Serves a version beside which such a file lies, or none.
        private static func daemon(_ parameters: String?) async throws -> DaemonProcess {
            try await daemon(parameters, in: TemporaryFolder())
        }

        private static func daemon(_ parameters: String?, in home: TemporaryFolder) async throws -> DaemonProcess {
            try TinyModel.adding(1).publish(1, in: home["m"])
            if let parameters { try home.write(parameters, to: "m/1/batching_params.pbtxt") }
            return try await DaemonProcess(
                in: home, "models: [{name: m, path: m}]\nbatching: {per_version_files: true}\nengine: {inline_budget: 0us}")
        }

        @Test("a request of more rows than the file allows is refused, and one of as many is not")
        func limit() async throws {
            let daemon = try await Self.daemon("max_batch_size { value: 2 }")
            try await daemon.waitUntilReady()
            #expect(try daemon.predict("m", #"{"instances": [0, 1]}"#).json == ["predictions": [1, 2]])
            let refused = try daemon.predict("m", #"{"instances": [0, 1, 2]}"#)
            #expect(refused.status == 400)
            #expect(try refused.error == "Task size 3 is larger than maximum input batch size 2")
        }

        @Test("a reload takes what the file says now; one with an error leaves the version batched as before")
        func reload() async throws {
            let home = try TemporaryFolder()
            let daemon = try await Self.daemon("max_batch_size { value: 2 }", in: home)
            try await daemon.waitUntilReady()
            func status() throws -> Int { try daemon.predict("m", #"{"instances": [0, 1, 2]}"#).status }
            #expect(try status() == 400)
            try home.write("max_batch_size { value: 3 }", to: "m/1/batching_params.pbtxt")
            daemon.send(SIGHUP)
            try await daemon.wait("the larger batches") { try status() == 200 }
            try home.write("max_batch_size: 2", to: "m/1/batching_params.pbtxt")
            daemon.send(SIGHUP)
            let line = try await daemon.waitForLog("the version is batched as before")
            #expect(line.contains("batching_params.pbtxt:1: "))
            #expect(try status() == 200)
        }

        @Test("a version without the file is served, and not batched")
        func absent() async throws {
            let daemon = try await Self.daemon(nil)
            try await daemon.waitUntilReady()
            #expect(try daemon.predict("m", #"{"instances": [0]}"#).json == ["predictions": [1]])
            try await daemon.wait("the record that says so") {
                "\(try daemon.get("/v1/registry/models/m/versions/1"))".contains("batching is off")
            }
        }

        @Test("a file with an error keeps the version from being served, and the status names file, line and field")
        func broken() async throws {
            let daemon = try await Self.daemon("\nmax_batch_size: 3")
            try await daemon.waitUntil("m", 1, is: "END")
            let status = try daemon.get("/v1/models/m")["model_version_status"][0]["status"]
            #expect(status["error_code"] == "INVALID_ARGUMENT")
            let message = try #require(status["error_message"].text)
            #expect(message.contains("batching_params.pbtxt:2: BatchingParameters.max_batch_size: expected a message"))
        }
    }
}
