import Daemon
import Foundation
import Testing

@Suite("Commands")
struct CommandTests {
    static let models = ConfigurationTesting.repository + "/models"

    struct Ending: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        var environment: [String: String] = [:]
        let exitCode: Int32
        let says: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    static let endings: [Ending] = [
        Ending(arguments: ["serve", "--no-such-flag"], exitCode: 64, says: "Unknown option '--no-such-flag'"),
        Ending(arguments: ["serve"], exitCode: 64, says: "nothing to serve; give --config FILE"),
        Ending(arguments: ["serve", "--mixed_precision=fp16"], exitCode: 64, says: "in the precision that they were exported in"),
        Ending(arguments: ["serve", "--config", "/missing.yaml"], exitCode: 78, says: "/missing.yaml: the configuration cannot be read"),
        Ending(
            arguments: ["check", "--model_base_path=\(models)/digits", "--set", "server.port=x"], exitCode: 64,
            says: "server.port: found \"x\"; expected a whole number"),
        Ending(
            arguments: ["check", "--model_base_path=\(models)/digits"], environment: ["APUS_SERVER_PORT": "x"], exitCode: 78,
            says: "environment variable APUS_SERVER_PORT"),
        Ending(arguments: ["check", "/missing/model.onnx"], exitCode: 74, says: "\"/missing/model.onnx\": cannot be opened"),
        Ending(arguments: ["check", models + "/digits/README.md"], exitCode: 65, says: "is not named *.onnx"),
        Ending(arguments: ["check", models, "--rest_api_port=1"], exitCode: 64, says: "give either models or a configuration"),
        Ending(arguments: ["inspect", models + "/digits/1", "--stage", "bytes"], exitCode: 64, says: "--stage"),
        Ending(arguments: ["bench", models + "/digits/1", "--lanes", "0"], exitCode: 64, says: "--lanes is 0; expected 1 to 1024"),
        Ending(arguments: ["bench", models + "/digits/1", "--shape", "pixels"], exitCode: 64, says: "expected NAME=EXTENT,EXTENT…"),
        Ending(arguments: ["bench", models + "/digits/1", "--shape", "image=1,64"], exitCode: 64, says: "its inputs are pixels"),
        Ending(
            arguments: ["run", models + "/digits/1", "--inputs", "/missing", "--outputs", "/missing"], exitCode: 74,
            says: "/missing/inputs.json"),
        Ending(
            arguments: ["run", models + "/digits/1", "--inputs", "/", "--outputs", "/", "--signature", "other"], exitCode: 64,
            says: "has no signature \"other\"; it has serving_default"),
        Ending(arguments: ["chekc"], exitCode: 64, says: "there is no command \"chekc\"; did you mean check?"),
        Ending(arguments: ["help", "nosuch"], exitCode: 64, says: "there is no command \"nosuch\"; the commands are serve, check"),
        Ending(arguments: ["run", models + "/digits"], exitCode: 64, says: "apus: error: give the inputs by one of --input NAME=FILE"),
        Ending(arguments: ["run", models + "/digits", "--input", "pixels"], exitCode: 64, says: "--input pixels: expected NAME=FILE"),
        Ending(arguments: ["run", models + "/digits", "--input", "x=y.npy"], exitCode: 65, says: "lists \"x\", the model's inputs are"),
        Ending(arguments: ["run", models + "/digits", "--input", "pixels=/missing.npy"], exitCode: 74, says: "/missing.npy"),
        Ending(
            arguments: ["run", models + "/digits", "--json", "/missing.json"], exitCode: 74, says: "--json /missing.json: cannot be read"),
        Ending(arguments: ["run", models + "/digits", "--json", "-"], exitCode: 65, says: "--json standard input: "),
        Ending(arguments: ["bench", models + "/digits", "--clients", "2"], exitCode: 64, says: "--clients and --rate are of requests"),
        Ending(arguments: ["bench", models + "/digits", "--url", "http://x", "--lanes", "2"], exitCode: 64, says: "leave --url out"),
        Ending(arguments: ["bench", "--body", "x.json"], exitCode: 64, says: "--body is sent to a daemon; add --url"),
        Ending(arguments: ["bench", "--body", "x.json", "--url", "http://x:1"], exitCode: 64, says: "names no path to send x.json to"),
        Ending(arguments: ["bench", models + "/digits", "--url", "http://127.0.0.1:1"], exitCode: 69, says: "no daemon answers at"),
        Ending(arguments: ["status", "--url", "https://x"], exitCode: 64, says: "TLS is not spoken here"),
        Ending(arguments: ["status", "--socket", "/missing.sock"], exitCode: 69, says: "no daemon answers at unix:/missing.sock"),
        Ending(arguments: ["status", "--interval", "0"], exitCode: 64, says: "--interval is 0.0; expected 0.1 to 3600"),
        Ending(arguments: ["version"], environment: ["APUS_ISA": "mmx"], exitCode: 78, says: "instruction set \"mmx\" is not available"),
    ]

    @Test("ends with the code of the fault and says what and where", arguments: endings)
    func ends(_ ending: Ending) throws {
        let program = try Program(ending.arguments, environment: ending.environment)
        #expect(program.exitCode == ending.exitCode)
        #expect(program.errors.contains(ending.says))
        #expect(program.output == "")
    }

    @Test("check finds the models of the repository valid")
    func checks() throws {
        let configured = try Program("check", "--config", ConfigurationTesting.repository + "/config/apus.yaml")
        #expect(configured.exitCode == 0)
        for name in ["digits", "digits_cnn", "half_plus_two"] {
            #expect(configured.output.contains("\(name) version 1: valid, onnx, "))
        }
        #expect(try Program("check", Self.models + "/digits/1/model.onnx", Self.models + "/digits_cnn/1").exitCode == 0)
    }

    @Test("version tells what is running, on every instruction set of the machine")
    func version() throws {
        let build = try Program("version", "--json").json()
        #expect(Set(build.keys) == ["version", "isa", "isas", "math", "formats", "operators"])
        let operators = try #require(build["operators"] as? [[String: Any]])
        #expect(operators.contains { $0["domain"] as? String == "ai.onnx" && $0["name"] as? String == "Gemm" })
        #expect(operators.contains { $0["domain"] as? String == "tensorflow" && $0["name"] as? String == "Einsum" })
        #expect(build["formats"] as? [String] == ["onnx", "savedmodel"])
        for isa in try #require(build["isas"] as? [String]) {
            let forced = try Program("version", "--json", environment: ["APUS_ISA": isa]).json()
            #expect(forced["isa"] as? String == isa)
        }
        let number = try #require(build["version"] as? String)
        #expect(try Program("--version").output == number + "\n")
        #expect(try Program("serve", "--version").output == number + "\n")
    }

    @Test("inspect summarises a model and shows every stage", arguments: ["source", "graph", "optimized", "plan"])
    func inspects(stage: String) throws {
        let summary = try Program("inspect", Self.models + "/digits/1", "--json").json()
        #expect(summary["nodes"] as? Int == 5)
        #expect(summary["operators"] as? [String: Int] == ["Gemm": 3, "Relu": 2])
        let shown = try Program("inspect", Self.models + "/digits/1", "--stage", stage)
        #expect(shown.exitCode == 0)
        #expect(shown.output.contains("Gemm"))
        let json = try Program("inspect", Self.models + "/digits/1", "--stage", stage, "--json").json()
        #expect((json["nodes"] ?? json["steps"]) as? [Any] != nil)
    }

    @Test("bench reports under the promised names")
    func benches() throws {
        let report = try Program("bench", Self.models + "/half_plus_two/1", "--batch", "3", "--seconds", "0.01", "--lanes", "2", "--json")
            .json()
        #expect(
            Set(report.keys) == [
                "model", "batch", "lanes", "isa", "runs", "min_ms", "median_ms", "p90_ms", "p99_ms", "items_per_s", "load_ms",
                "peak_rss_bytes",
            ])
        #expect(report["batch"] as? Int == 3)
        #expect(report["lanes"] as? Int == 2)
    }

    @Test("run writes the outputs of tensors from files, optimised or not", arguments: ["on", "off"])
    func runs(optimizer: String) throws {
        let folder = URL.temporaryDirectory.appending(path: "apus-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try Data(#"[{"index": 0, "name": "x", "kind": "tensor", "dtype": "float", "shape": [3], "npy": "input_0.npy"}]"#.utf8)
            .write(to: folder.appending(path: "inputs.json"))
        try NumPyText.file([1, 2, 5]).write(to: folder.appending(path: "input_0.npy"))
        let program = try Program(
            "run", Self.models + "/half_plus_two/1", "--inputs", folder.path, "--outputs", folder.path + "/out", "--optimizer", optimizer)
        #expect(program.errors == "")
        #expect(program.exitCode == 0)
        #expect(try NumPyText.floats(Data(contentsOf: folder.appending(path: "out/output_0.npy"))) == [2.5, 3, 4.5])
    }

    @Test("a folder of versions means its newest, and a disk that takes nothing is an error of the command")
    func newestVersion() throws {
        let summary = try Program("inspect", Self.models + "/digits", "--json").json()
        #expect(summary["path"] as? String == Self.models + "/digits/1")
        for command in ["'\(try Program.path)' version", "'\(try Program.path)' --help"] {
            let full = try Program(shell: command + " >/dev/full")
            #expect(full.exitCode == 74)
            #expect(full.errors.contains("cannot be written: No space left on device"))
        }
        let cut = try Program(shell: "'\(try Program.path)' inspect '\(Self.models)/digits' --stage source | head -n 1")
        #expect(cut.exitCode == 0 && cut.errors == "")
    }

    @Test("run prints what a daemon would answer, from a request and from a file")
    func runsToOutput() throws {
        let file = URL.temporaryDirectory.appending(path: "apus-run-\(UUID().uuidString).npy")
        try NumPyText.file([1, 2, 5]).write(to: file)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: file) } }
        let model = Self.models + "/half_plus_two"
        #expect(try Program("run", model, "--input", "x=\(file.path)").output == "{\"outputs\":[2.5,3.0,4.5]}\n")
        let piped = try Program(shell: "echo '{\"instances\":[1,2,5]}' | '\(try Program.path)' run '\(model)' --json - --profile")
        #expect(piped.output == "{\"predictions\":[2.5,3.0,4.5]}\n")
        #expect(piped.errors.contains("time by node, a run") && piped.errors.contains("Mul \"#0\""))
    }

    @Test("bench times every operator when asked, and shows how latencies are distributed")
    func profiles() throws {
        let model = Self.models + "/digits"
        let report = try Program("bench", model, "--seconds", "0.01", "--profile", "--json").json()
        let steps = try #require(report["profile"] as? [[String: Any]])
        #expect(
            steps.count == 3 && steps.allSatisfy { $0["operator"] as? String == "Linear" && $0["calls"] as? Int == report["runs"] as? Int })
        #expect(abs(steps.reduce(0) { $0 + ($1["share"] as? Double ?? 0) } - 1) < 1e-9)
        let text = try Program("bench", model, "--seconds", "0.01", "--histogram").output
        #expect(text.contains("median ") && text.contains("p99.9 ") && text.contains("/s (runs)") && text.contains("█"))
    }

    @Test(
        "the manual page names every option of every command",
        arguments: ["serve", "check", "status", "inspect", "run", "bench", "version"])
    func manualPage(command: String) throws {
        let page = try Program("manual", "apus.1").output.replacingOccurrences(of: "\\-", with: "-")
        #expect(page.contains(".SS \(command)\n"))
        let help = try Program("help", command)
        #expect(help.exitCode == 0)
        let options = help.output.matches(of: /--[a-z-]+/).map { String($0.output) }
        #expect(!options.isEmpty)
        for option in Set(options).subtracting(["--help"]) {
            #expect(page.contains(option), "\(option) of apus \(command)")
        }
    }

    @Test("the page of the configuration describes every key by the comment of the reference")
    func configurationPage() throws {
        let reference = ConfigurationTesting.repository + "/config/apus.yaml"
        let page = try Program("manual", "apus.yaml.5", "--reference", reference)
        #expect(page.exitCode == 0 && page.errors == "")
        let lines = page.output.replacingOccurrences(of: "\\-", with: "-").split(separator: "\n").map(String.init)
        for setting in Settings.all {
            let index = try #require(lines.firstIndex { $0.hasPrefix("\\fB\(setting.path)\\fR: ") }, "\(setting.path) has no entry")
            #expect(lines.indices.contains(index + 1) && lines[index + 1].count > 20, "\(setting.path) is not described")
        }
        #expect(try Program("manual", "apus.yaml.5", "--reference", "/missing.yaml").exitCode == 74)
        #expect(try Program("manual", "other.1").exitCode == 64)
        #expect(try Program("manual", "apus-models.7").output.hasPrefix(".\\\" Made by `apus manual`"))
    }
}

/// NumPy's file form, version 1.0, for a vector of floats; written out here so that it checks the program's own.
enum NumPyText {
    private static let magic = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])

    static func file(_ values: [Float]) -> Data {
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(values.count),), }"
        let padded = header + String(repeating: " ", count: 63 - (header.count + 10) % 64) + "\n"
        let length = UInt16(padded.utf8.count)
        let bytes = values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) } }
        return magic + Data([UInt8(length & 0xFF), UInt8(length >> 8)]) + Data(padded.utf8) + Data(bytes)
    }

    static func floats(_ file: Data) throws -> [Float] {
        try #require(file.starts(with: magic) && file.count >= 10)
        let start = 10 + Int(file[8]) + Int(file[9]) << 8
        return stride(from: start, to: file.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(file[offset + $1]) << UInt32($1 * 8) })
        }
    }
}
