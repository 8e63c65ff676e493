import Foundation
import Testing

extension EndToEnd {
    @Suite("Model commands")
    struct ModelCommandTests {
        private static let fixture = Repository.fixtures.appending(path: "pt_digits_mlp")
        private static let model = fixture.appending(path: "1").path

        @Test("run answers the golden outputs, optimised or not", arguments: ["golden_0", "golden_1"], ["on", "off"])
        func run(golden: String, optimizer: String) async throws {
            let home = try TemporaryFolder()
            let folder = Self.fixture.appending(path: golden)
            try FileManager.default.copyItem(at: folder.appending(path: "in_0.npy"), to: home["input_0.npy"])
            let shape = try NumPyValues(home["input_0.npy"]).shape
            try home.write(
                """
                [{"index": 0, "name": "pixels", "kind": "tensor", "dtype": "float", "shape": \(shape), "npy": "input_0.npy"}]
                """, to: "inputs.json")
            let run = try await ApusCommand(
                "run", Self.model, "--inputs", ".", "--outputs", "outputs", "--optimizer", optimizer, home: home)
            #expect(run.errors == "")
            #expect(run.status == 0)
            let found = try NumPyValues(home["outputs/output_0.npy"])
            let expected = try NumPyValues(folder.appending(path: "out_0.npy"))
            let meta = try JSON(String(contentsOf: Self.fixture.appending(path: "meta.json"), encoding: .utf8))
            let relative = Float(try #require(meta["tolerance"]["rtol"].number))
            let absolute = Float(try #require(meta["tolerance"]["atol"].number))
            #expect(found.shape == expected.shape)
            for (one, other) in zip(found.values, expected.values) {
                #expect(abs(one - other) <= absolute + relative * abs(other))
            }
        }

        @Test("run takes sequences and gives a file for each of their elements; bench does not make them up")
        func sequences() async throws {
            let model = TinyModel { graph in
                graph.node("SequenceInsert", ["s", "x", "first"], ["t"])
                graph.message(5) {
                    $0.integer(2, ProtobufBytes.ElementCode.int64.rawValue)
                    $0.text(8, "first")
                    $0.delimited(9, [UInt8](repeating: 0, count: 8))
                }
                graph.sequence(11, "s")
                graph.input("x", .float, ["n"])
                graph.sequence(12, "t")
            }
            let home = try TemporaryFolder()
            try FileManager.default.createDirectory(at: home["model"], withIntermediateDirectories: true)
            try model.publish(1, in: home["model"])
            try NumPyValues(shape: [1], values: [1]).write(to: home["input_0_0.npy"])
            try NumPyValues(shape: [2], values: [2, 3]).write(to: home["input_1.npy"])
            try home.write(
                """
                [{"index": 0, "name": "s", "kind": "sequence", "dtype": "float", "items": [{"npy": "input_0_0.npy", "shape": [1]}]},
                 {"index": 1, "name": "x", "kind": "tensor", "dtype": "float", "shape": [2], "npy": "input_1.npy"}]
                """, to: "inputs.json")
            let run = try await ApusCommand("run", "model/1", "--inputs", ".", "--outputs", "outputs", home: home)
            #expect(run.errors == "" && run.status == 0)
            #expect(try NumPyValues(home["outputs/output_0_0.npy"]) == NumPyValues(shape: [2], values: [2, 3]))
            #expect(try NumPyValues(home["outputs/output_0_1.npy"]) == NumPyValues(shape: [1], values: [1]))
            let inspect = try await ApusCommand("inspect", "model/1", home: home)
            #expect(inspect.output.contains("  input     s: sequence(float32[…])"))
            let bench = try await ApusCommand("bench", "model/1", "--seconds", "0.05", home: home)
            #expect(bench.status == 64)
            #expect(bench.errors.contains("input \"s\" is sequence(float32[…]), for which no values can be made up"))
            let given = try await ApusCommand("bench", "model/1", "--inputs", ".", "--seconds", "0.05", home: home)
            #expect(given.errors == "" && given.status == 0)
        }

        @Test("check refuses a model whose constants ask for terabytes, in every run or for a row", arguments: [true, false])
        func terabytes(isConstant: Bool) async throws {
            let model = TinyModel { graph in
                graph.node(isConstant ? "ConstantOfShape" : "Tile", isConstant ? ["extents"] : ["x", "extents"], ["y"])
                graph.message(5) {
                    $0.integer(1, 2)
                    $0.integer(2, ProtobufBytes.ElementCode.int64.rawValue)
                    $0.text(8, "extents")
                    $0.delimited(9, [1, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 0, 0, 1, 0, 0])
                }
                graph.input("x", .float, ["n", "4"])
                graph.output("y", .float, ["m", "k"])
            }
            let home = try TemporaryFolder()
            try FileManager.default.createDirectory(at: home["model"], withIntermediateDirectories: true)
            try model.publish(1, in: home["model"])
            let check = try await ApusCommand("check", "model", home: home)
            #expect(check.status == 65, "\(check.errors)")
            #expect(check.errors.contains(isConstant ? "(ConstantOfShape): output of type" : "(Tile): output of type"))
            #expect(check.errors.contains("over the limit of"))
        }

        @Test("bench --json prints the documented keys")
        func bench() async throws {
            let home = try TemporaryFolder()
            let bench = try await ApusCommand("bench", Self.model, "--batch", "4", "--seconds", "0.05", "--json", home: home)
            #expect(bench.status == 0)
            let report = try bench.json
            #expect(
                report.keys == [
                    "model", "batch", "lanes", "isa", "runs", "min_ms", "median_ms", "p90_ms", "p99_ms", "items_per_s", "load_ms",
                    "peak_rss_bytes",
                ])
            #expect(report["batch"] == 4)
            let quantiles = ["min_ms", "median_ms", "p90_ms", "p99_ms"].compactMap { report[$0].number }
            #expect(quantiles.count == 4 && quantiles == quantiles.sorted())
        }

        @Test("inspect --json prints every stage as JSON", arguments: ["source", "graph", "optimized", "plan"])
        func inspect(stage: String) async throws {
            let home = try TemporaryFolder()
            let inspect = try await ApusCommand("inspect", Self.model, "--stage", stage, "--json", home: home)
            #expect(inspect.status == 0)
            let shown = try inspect.json
            #expect(!shown[stage == "plan" ? "steps" : "nodes"].elements.isEmpty)
        }

        @Test("check accepts the configuration that make run serves, with every model in it")
        func check() async throws {
            let home = try TemporaryFolder()
            let check = try await ApusCommand("check", "--config", Repository.configuration.path, home: home)
            #expect(check.errors == "")
            #expect(check.status == 0)
            for model in ["digits", "digits_cnn", "half_plus_two"] { #expect(check.output.contains("\(model) version 1: valid")) }
        }
    }
}
