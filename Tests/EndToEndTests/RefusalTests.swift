import Foundation
import Testing

extension EndToEnd {
    /// What the program does not start with: the exit status tells scripts, the message tells people.
    @Suite("Refusals")
    struct RefusalTests {
        @Test("refuses a port in use with 69, naming the address")
        func portInUse() async throws {
            let home = try Self.home()
            let holder = try TCPSocket(listening: ())
            try home.write("server: {port: \(holder.port)}\nmodels: [{name: good, path: good}]", to: "apus.yaml")
            let command = try await ApusCommand("serve", "--config", "apus.yaml", home: home)
            #expect(command.status == 69)
            #expect(command.errors.contains("address already in use: 127.0.0.1:\(holder.port); stop the other process"))
        }

        struct Configuration: Sendable, CustomTestStringConvertible {
            let text: String
            let says: String
            var line = 1
            var testDescription: String { text }
        }

        @Test(
            "refuses a wrong configuration with 78, naming place, key and what was expected",
            arguments: [
                Configuration(text: "\nlifecyle: {}", says: #"lifecyle: unknown key; did you mean "lifecycle"?"#, line: 2),
                Configuration(
                    text: "models: [{name: good, pth: good}]", says: #"models[0].pth: unknown key; did you mean "path"?"#),
                Configuration(text: "server: {port: 70000}", says: #"server.port: found "70000"; expected"#),
                Configuration(text: "lifecycle: {poll_interval: soon}", says: #"lifecycle.poll_interval: found "soon"; expected"#),
            ], ["serve", "check"])
        func configuration(wrong: Configuration, command: String) async throws {
            let home = try Self.home()
            try home.write(wrong.text, to: "apus.yaml")
            let refused = try await ApusCommand(command, "--config", "apus.yaml", home: home)
            #expect(refused.status == 78)
            let place = "\(home["apus.yaml"].path):\(wrong.line):"
            #expect(refused.errors.split(separator: "\n").contains { $0.contains(place) && $0.contains(wrong.says) }, "\(refused.errors)")
        }

        @Test("refuses a configuration file that is missing with 78, and a flag that is unknown with 64")
        func arguments() async throws {
            let home = try Self.home()
            let missing = try await ApusCommand("serve", "--config", "missing.yaml", home: home)
            #expect(missing.status == 78)
            #expect(missing.errors.contains("\(home["missing.yaml"].path): the configuration cannot be read: No such file or directory"))
            let unknown = try await ApusCommand("serve", "--model_base_path=good", "--rest_api_prot=1", home: home)
            #expect(unknown.status == 64)
            #expect(unknown.errors.contains("--rest-api-prot"))
        }

        struct Model: Sendable, CustomTestStringConvertible {
            let name: String
            let status: Int32
            let says: [String]
            var testDescription: String { name }
        }

        private static let unknownOperator = Model(
            name: "unknown", status: 3, says: [#"node "mystery""#, "operator Frobnicate", "domain com.example, version 3"])

        @Test(
            "check refuses a model that cannot be served, naming file, fault and node",
            arguments: [
                unknownOperator,
                Model(name: "truncated", status: 65, says: ["truncated/1/model.onnx", "is damaged, cut off or not ONNX"]),
                Model(name: "cyclic", status: 65, says: ["cyclic/1/model.onnx", #"cycle: "first" → "second" → "first""#]),
                Model(name: "missing", status: 74, says: ["missing/1", "No such file or directory"]),
                Model(name: "empty", status: 65, says: ["empty/1", "model.onnx"]),
            ])
        func model(broken: Model) async throws {
            let home = try Self.home()
            let check = try await ApusCommand("check", "good/1", "\(broken.name)/1", home: home)
            #expect(check.status == broken.status)
            for part in broken.says { #expect(check.errors.contains(part), "\(check.errors)") }
            #expect(check.errors.contains("1 of 2 checks failed"))
            #expect(check.output.contains("good/1: valid"))
        }

        @Test("run and inspect refuse an unknown operator with 3, and write nothing", arguments: ["run", "inspect"])
        func unsupported(command: String) async throws {
            let home = try Self.home()
            try NumPyValues(shape: [2], values: [1, 2]).write(to: home["input_0.npy"])
            try home.write(
                #"[{"index": 0, "name": "x", "kind": "tensor", "dtype": "float", "shape": [2], "npy": "input_0.npy"}]"#, to: "inputs.json")
            let refused =
                command == "run"
                ? try await ApusCommand("run", "unknown/1", "--inputs", ".", "--outputs", "outputs", home: home)
                : try await ApusCommand("inspect", "unknown/1", "--stage", "plan", home: home)
            #expect(refused.status == Self.unknownOperator.status)
            for part in Self.unknownOperator.says { #expect(refused.errors.contains(part)) }
            #expect(refused.output.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: home["outputs"].path))
        }

        @Test("refuses a registry that is no database with 65 and leaves it as it is")
        func registry() async throws {
            let home = try Self.home()
            let content = String(repeating: "This is a diary, not a database.\n", count: 100)
            try home.write(content, to: "diary.sqlite")
            let refused = try await ApusCommand(
                "serve", "--model_base_path=good", "--set", "server.port=0", "--set", "registry.path=diary.sqlite", home: home)
            #expect(refused.status == 65)
            #expect(refused.errors.contains("\(home["diary.sqlite"].path)\" is not an SQLite database"))
            #expect(try String(contentsOf: home["diary.sqlite"], encoding: .utf8) == content)
        }

        /// One sound model and each kind of broken one.
        private static func home() throws -> TemporaryFolder {
            let home = try TemporaryFolder()
            try TinyModel.adding(1).publish(1, in: home["good"])
            try TinyModel.unknownOperator.publish(1, in: home["unknown"])
            try TinyModel.truncated.publish(1, in: home["truncated"])
            try TinyModel.cyclic.publish(1, in: home["cyclic"])
            try FileManager.default.createDirectory(at: home["empty/1"], withIntermediateDirectories: true)
            return home
        }
    }
}
