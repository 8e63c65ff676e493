import Foundation
import Synchronization
import Testing

extension EndToEnd {
    @Suite("Swap")
    struct SwapTests {
        struct WrongAnswer: Error {
            let response: HTTPResponse
            let oldest: Int
        }

        private static let clientCount = 8
        private static let newestVersion = 11

        @Test("versions are swapped while clients predict: no request fails, no answer mixes versions or goes back")
        func underLoad() async throws {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["shift"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: shift, path: shift}]")
            try await daemon.waitUntilReady()
            // The newest version that any client has seen: whoever asks after that may not get an older one.
            let newest = Atomic(1)
            let crew = ClientCrew(count: Self.clientCount) { client, crew in
                let connection = try daemon.connect()
                while !crew.isStopping {
                    let oldest = newest.load(ordering: .sequentiallyConsistent)
                    let version = try Self.predict(connection, client, oldest: oldest)
                    newest.max(version, ordering: .sequentiallyConsistent)
                }
            }
            defer { crew.stop() }
            for version in 2...Self.newestVersion {
                try TinyModel.adding(version).publish(version, in: home["shift"])
                try await daemon.wait("an answer of version \(version)") {
                    !crew.failures.isEmpty || newest.load(ordering: .relaxed) == version
                }
            }
            crew.stop()
            #expect(await crew.finish() == [])
            for version in 1..<Self.newestVersion { try await daemon.waitUntil("shift", version, is: "END") }
            #expect(try daemon.state("shift", Self.newestVersion) == "AVAILABLE")
        }

        /// A mapped file that is cut short in place ends the process that reads it.
        @Test("no model file is mapped, neither while its version serves nor while the next is loaded")
        func maps() async throws {
            let home = try TemporaryFolder()
            try home.copyModel("digits")
            let daemon = try await DaemonProcess(in: home, "model_root: models")
            try await daemon.waitUntilReady()
            #expect(try !daemon.memoryMap().contains("model.onnx"))
            try FileManager.default.copyItem(at: home["models/digits/1"], to: home["models/digits/.2"])
            try FileManager.default.moveItem(at: home["models/digits/.2"], to: home["models/digits/2"])
            try await daemon.waitUntil("digits", 1, is: "END")
            #expect(try !daemon.memoryMap().contains("model.onnx"))
        }

        /// Asks for three rows and checks that one version answered all of them, as its header says.
        private static func predict(_ connection: HTTPClient, _ client: Int, oldest: Int) throws -> Int {
            let rows = [Double(client), Double(client) + 0.5, 7]
            let response = try connection.request("POST", "/v1/models/shift:predict", body: #"{"instances": \#(rows)}"#)
            guard response.status == 200, let version = response.fields["apus-model-version"].flatMap({ Int($0) }), version >= oldest,
                try response.json["predictions"] == .array(rows.map { .number($0 + Double(version)) })
            else { throw WrongAnswer(response: response, oldest: oldest) }
            return version
        }
    }
}
