import Foundation
import Testing

extension EndToEnd {
    /// What the README promises, with the configuration that `make run` serves.
    @Suite("Readme")
    struct ReadmeTests {
        @Test("the first request answers what the README shows")
        func firstRequest() async throws {
            let readme = try Self.requests()
            let daemon = try await Self.daemon()
            let first = try #require(readme.first)
            let response = try daemon.request("POST", first.path, body: first.body)
            #expect(response.status == 200)
            #expect(response.fields["content-type"] == "application/json")
            #expect(response.fields["apus-model-version"] == "1")
            let shown = try #require(try Repository.readme().firstMatch(of: /```json\n(.*)\n```/)?.1)
            #expect(response.body == shown + "\n")
            #expect(try response.json == ["model": "half_plus_two", "version": 1, "predictions": [2.5, 3.0, 4.5]])
        }

        @Test("the handwritten six is a six, by products and by convolutions, in both dialects")
        func digit() async throws {
            let readme = try Self.requests()
            let daemon = try await Self.daemon()
            try #require(readme.count >= 2)
            let dense = try daemon.request("POST", readme[1].path, body: readme[1].body).json
            #expect(dense["model"] == "digits")
            #expect(Self.largest(dense["predictions"][0]) == 6)

            let instances = try JSON(readme[1].body)["instances"]
            let pixels = instances[0].elements.compactMap(\.number)
            let dialect = try daemon.request("POST", "/v1/models/digits:predict", body: #"{"instances": [\#(pixels)]}"#)
            #expect(try dialect.json["predictions"] == dense["predictions"])

            let rows = stride(from: 0, to: 64, by: 8).map { Array(pixels[$0..<($0 + 8)]) }
            let convolved = try daemon.request("POST", "/v1/models/digits_cnn:predict", body: #"{"instances": [[\#(rows)]]}"#)
            #expect(Self.largest(try convolved.json["predictions"][0]) == 6)
        }

        @Test("messages go to the teams that the README names")
        func text() async throws {
            let readme = try Self.requests()
            let daemon = try await Self.daemon()
            try #require(readme.count >= 3)
            let predictions = try daemon.request("POST", readme[2].path, body: readme[2].body).json["predictions"]
            #expect(predictions.elements.map { $0["team"] } == ["billing", "delivery"])
        }

        @Test("a folder that is copied and renamed beside the old one swaps the version, and its removal swaps back")
        func swap() async throws {
            let home = try TemporaryFolder()
            try home.copyModel("half_plus_two")
            let daemon = try await DaemonProcess(in: home, "model_root: models")
            try await daemon.waitUntilReady()
            let files = FileManager.default
            try files.copyItem(at: home["models/half_plus_two/1"], to: home["models/half_plus_two/.2"])
            try files.moveItem(at: home["models/half_plus_two/.2"], to: home["models/half_plus_two/2"])
            try await daemon.waitUntil("half_plus_two", 2, is: "AVAILABLE")
            try await daemon.waitUntil("half_plus_two", 1, is: "END")
            #expect(try Self.version(daemon) == 2)
            try files.removeItem(at: home["models/half_plus_two/2"])
            try await daemon.waitUntil("half_plus_two", 1, is: "AVAILABLE")
            try await daemon.waitUntil("half_plus_two", 2, is: "END")
            #expect(try Self.version(daemon) == 1)
        }

        /// The bodies and paths of the README's curl lines that post.
        private static func requests() throws -> [(path: String, body: String)] {
            try Repository.readme().matches(of: /curl -d '([^']*)' 127\.0\.0\.1:8501(\S+)/).map { (String($0.2), String($0.1)) }
        }

        private static func daemon() async throws -> DaemonProcess {
            let daemon = try await DaemonProcess(in: TemporaryFolder(), configurationFile: Repository.configuration)
            try await daemon.waitUntilReady()
            return daemon
        }

        private static func version(_ daemon: DaemonProcess) throws -> JSON {
            try daemon.request("POST", "/predict", body: #"{"instances": [1.0]}"#).json["version"]
        }

        /// Where the largest number of a list is.
        private static func largest(_ list: JSON) -> Int? {
            let numbers = list.elements.compactMap(\.number)
            return numbers.indices.max { numbers[$0] < numbers[$1] }
        }
    }
}
