import Foundation
import Testing

extension EndToEnd {
    /// The vectors of TensorFlow Serving's REST contract that need a server: its test models, its requests, its answers.
    ///
    /// Vectors that carry `differs` are left out: there Apus answers otherwise on purpose (deploy/tensorflow-serving.md).
    @Suite("Contract vectors")
    struct ContractVectorTests {
        /// A server's configuration, and the vectors that are put to it.
        struct Fixture: Sendable, CustomTestStringConvertible {
            let name: String
            let vectors: Data
            let models: Data
            let flags: [String]
            let isMonitored: Bool

            var testDescription: String { name }
        }

        private static let folder = Repository.fixtures.deletingLastPathComponent().appending(path: "REST")

        /// From the file that `APUS_REST_VECTORS` names, or from the one beside the models.
        static let fixtures: [Fixture] = {
            do {
                let own = try read(folder.appending(path: "rest_vectors.json"))
                let file = try ProcessInfo.processInfo.environment["APUS_REST_VECTORS"].map { try read(URL(filePath: $0)) } ?? own
                let known = (file["fixtures"] ?? own["fixtures"]) as? [String: [String: Any]] ?? [:]
                let all = (file["vectors"] as? [[String: Any]] ?? []).filter { $0["kind"] as? String == "http" && $0["differs"] == nil }
                return try Dictionary(grouping: all) { $0["fixture"] as? String ?? "" }.sorted { $0.key < $1.key }.map { name, vectors in
                    let fixture = known[name] ?? [:]
                    return Fixture(
                        name: name, vectors: try JSONSerialization.data(withJSONObject: vectors),
                        models: try JSONSerialization.data(withJSONObject: fixture["models"] ?? []),
                        flags: fixture["flags"] as? [String] ?? [], isMonitored: fixture["monitoring_config"] != nil)
                }
            } catch {
                return [Fixture(name: "unreadable vector file: \(error)", vectors: Data(), models: Data(), flags: [], isMonitored: false)]
            }
        }()

        private static func read(_ file: URL) throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        }

        @Test("are answered as the original answers", arguments: fixtures)
        func answers(_ fixture: Fixture) async throws {
            let home = try TemporaryFolder()
            try Self.configuration(fixture).write(to: home["apus.yaml"])
            let monitoring = Self.folder.appending(path: "configs/monitoring_config.txt").path
            let flags = fixture.flags + (fixture.isMonitored ? ["--monitoring_config_file=\(monitoring)"] : [])
            let daemon = try await DaemonProcess(in: home, configurationFile: home["apus.yaml"], flags: flags)
            try await daemon.waitUntilSettled()
            let vectors = try #require(try JSONSerialization.jsonObject(with: fixture.vectors) as? [[String: Any]])
            for vector in vectors { try Self.check(vector, daemon) }
        }

        /// JSON is YAML.
        private static func configuration(_ fixture: Fixture) throws -> Data {
            let models = try #require(try JSONSerialization.jsonObject(with: fixture.models) as? [[String: Any]])
            let entries = try models.map { model -> [String: Any] in
                var entry: [String: Any] = ["name": try #require(model["name"])]
                entry["path"] = folder.appending(path: try #require(model["base"] as? String)).path
                if let policy = model["version_policy"] as? [String: Any] {
                    entry["versions"] = policy["all"] == nil ? policy["specific"] ?? ["latest": policy["latest"]] : "all"
                }
                entry["labels"] = model["version_labels"]
                return entry
            }
            return try JSONSerialization.data(withJSONObject: ["models": entries])
        }

        private static func check(_ vector: [String: Any], _ daemon: DaemonProcess) throws {
            let name = Comment(rawValue: vector["name"] as? String ?? "?")
            let request = try #require(vector["request"] as? [String: Any])
            let text = request["body_text"] as? String
            let encoded = try (request["body_base64"] as? String).map { try #require(Data(base64Encoded: $0)) }
            let fields = (request["headers"] as? [String: String] ?? [:]).map { ($0.key, $0.value) }
            let response = try daemon.connect().request(
                try #require(request["method"] as? String), try #require(request["path"] as? String),
                bytes: encoded.map(Array.init) ?? Array((text ?? "").utf8), fields: fields + [("Connection", "close")])
            #expect(response.status == vector["status"] as? Int, name)
            for (field, value) in vector["response_headers"] as? [String: String] ?? [:] {
                #expect(response.fields[field.lowercased()]?.lowercased().hasPrefix(value.lowercased()) == true, name)
            }
            try checkBody(vector, response, name)
        }

        private static func checkBody(_ vector: [String: Any], _ response: HTTPResponse, _ name: Comment) throws {
            let file = try (vector["response_file"] as? String).map {
                try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: $0)))
            }
            if let wanted = file ?? vector["response"] {
                let text = String(decoding: try JSONSerialization.data(withJSONObject: wanted, options: .fragmentsAllowed), as: UTF8.self)
                #expect(try response.json == JSON(text), name)
            }
            if let tokens = vector["response_text"] as? String, vector["compare"] as? String == "json_tokens" {
                #expect(response.body.filter { !$0.isWhitespace } == tokens.filter { !$0.isWhitespace }, name)
            }
            if let part = vector["response_contains"] as? String { #expect(response.body.contains(part), name) }
            if let part = vector["error_contains"] as? String { #expect(try response.json["error"].text?.contains(part) == true, name) }
            if let whole = vector["error_exact"] as? String { #expect(try response.json["error"].text == whole, name) }
        }
    }
}
