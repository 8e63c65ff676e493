import Foundation
import Testing

extension EndToEnd {
    /// Models whose inputs and outputs are no tensors of numbers alone, over a socket.
    @Suite("Pipelines")
    struct PipelineTests {
        private static let fixtures = Repository.fixtures.deletingLastPathComponent().appending(path: "Pipelines")

        private static func daemon(_ publish: (URL) throws -> Void) async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try FileManager.default.createDirectory(at: home["model"], withIntermediateDirectories: true)
            try publish(home["model"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: model, path: model}]")
            try await daemon.waitUntilReady()
            return daemon
        }

        private static func pipeline(_ name: String) async throws -> DaemonProcess {
            try await daemon { base in
                try FileManager.default.copyItem(at: fixtures.appending(path: "\(name)/1"), to: base.appending(path: "1"))
            }
        }

        private static func cases(_ name: String) throws -> [JSON] {
            try JSON(String(contentsOf: fixtures.appending(path: "\(name)/cases.json"), encoding: .utf8)).elements
        }

        private static func text(_ value: JSON) throws -> String {
            switch value {
            case .null: "null"
            case .bool(let value): String(value)
            case .number(let value): String(value)
            case .string(let text): String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
            case .array(let elements): "[\(try elements.map(text).joined(separator: ","))]"
            case .object(let members):
                "{\(try members.map { "\(try text(.string($0.key))):\(try text($0.value))" }.joined(separator: ","))}"
            }
        }

        /// Whether both are the same but for small differences of numbers.
        private static func agree(_ found: JSON, _ expected: JSON) -> Bool {
            switch (found, expected) {
            case (.number(let one), .number(let other)): abs(one - other) <= 1e-5 + 1e-4 * abs(other)
            case (.array(let one), .array(let other)): one.count == other.count && zip(one, other).allSatisfy(agree)
            case (.object(let one), .object(let other)):
                one.count == other.count && other.allSatisfy { key, value in one[key].map { agree($0, value) } ?? false }
            default: found == expected
            }
        }

        @Test("answer a label and probabilities by name, for one row and for many", arguments: ["customers", "iris"])
        func rows(_ name: String) async throws {
            let daemon = try await Self.pipeline(name)
            for entry in try Self.cases(name) {
                let response = try daemon.predict("model", "{\"instances\": \(try Self.text(entry["instances"]))}")
                #expect(response.status == 200, "\(response.body)")
                #expect(Self.agree(try response.json["predictions"], entry["predictions"]), "\(response.body)")
            }
        }

        @Test("answer columns, and name the model on /predict")
        func columns() async throws {
            let daemon = try await Self.pipeline("iris")
            let rows = try Self.cases("iris")[1]
            let response = try daemon.predict("model", "{\"inputs\": {\"measures\": \(try Self.text(rows["instances"]))}}")
            let expected = rows["predictions"].elements
            let outputs = try response.json["outputs"]
            #expect(outputs["output_label"] == .array(expected.map { $0["output_label"] }))
            #expect(Self.agree(outputs["output_probability"], .array(expected.map { $0["output_probability"] })))
            let named = try daemon.request("POST", "/predict", body: "{\"instances\": \(try Self.text(rows["instances"]))}").json
            #expect(named["model"] == "model" && named["version"] == 1)
            #expect(Self.agree(named["predictions"], rows["predictions"]))
        }

        @Test("say what they take and give")
        func metadata() async throws {
            let daemon = try await Self.pipeline("customers")
            let signature = try daemon.get("/v1/models/model/metadata")["metadata"]["signature_def"]["signature_def"]["serving_default"]
            #expect(signature["inputs"]["city"]["dtype"] == "DT_STRING")
            #expect(
                signature["outputs"]["output_probability"] == [
                    "dtype": "DT_VARIANT", "tensor_shape": ["dim": [], "unknown_rank": true], "name": "output_probability",
                ])
            // The registry writes down what a version holds after it is served.
            var version = JSON.null
            try await daemon.wait("the version's signatures") {
                version = try daemon.get("/v1/registry/models/model/versions/1")
                return version["signatures"] != .null
            }
            let output = version["signatures"][0]["outputs"].element(where: "name", is: "output_probability")
            #expect(output["type"] == "sequence(map(string, float32[…]))")
            try await daemon.waitForLog("requests run without batching")
        }

        @Test("sequences and optionals come and go by column, and are refused by row")
        func sequences() async throws {
            let model = TinyModel { graph in
                graph.node("Identity", ["s"], ["t"], name: "same")
                graph.node("SequenceLength", ["s"], ["n"])
                graph.node("OptionalHasElement", ["o"], ["has"])
                graph.sequence(11, "s")
                graph.optional(11, "o")
                graph.sequence(12, "t")
                graph.output("n", .int64, [])
                graph.output("has", .bool, [])
            }
            let daemon = try await Self.daemon { try model.publish(1, in: $0) }
            #expect(
                try daemon.predict("model", #"{"inputs": {"s": [[1], [[2, 3]]], "o": [4]}}"#).json == [
                    "outputs": ["t": [[1], [[2, 3]]], "n": 2, "has": true]
                ])
            #expect(try daemon.predict("model", #"{"inputs": {"s": []}}"#).json == ["outputs": ["t": [], "n": 0, "has": false]])
            for (body, fault) in [
                (#"{"inputs": {"s": 1}}"#, "input \"s\" is sequence(float32[…]), expecting a list but got: Number"),
                (#"{"instances": [{"s": [1]}]}"#, "which has no rows"), (#"{"inputs": {"o": 1}}"#, "Missing named input: s"),
            ] {
                let response = try daemon.predict("model", body)
                #expect(response.status == 400)
                #expect(try response.json["error"].text?.contains(fault) == true, "\(response.body)")
            }
        }

        @Test("a constant that is an input as well has its value until a request gives another")
        func overridables() async throws {
            let model = TinyModel { graph in
                graph.node("Mul", ["x", "k"], ["y"])
                graph.floats("k", [1], [10])
                graph.input("x", .float, ["rows"])
                graph.input("k", .float, ["any"])
                graph.output("y", .float, ["rows"])
            }
            let daemon = try await Self.daemon { try model.publish(1, in: $0) }
            #expect(try daemon.predict("model", #"{"instances": [1, 2]}"#).json == ["predictions": [10, 20]])
            #expect(try daemon.predict("model", #"{"inputs": {"x": [1, 2]}}"#).json == ["outputs": [10, 20]])
            #expect(try daemon.predict("model", #"{"inputs": {"x": [1, 2], "k": [3]}}"#).json == ["outputs": [3, 6]])
            #expect(try daemon.predict("model", #"{"inputs": {"k": [3, 4], "x": [1, 2]}}"#).json == ["outputs": [3, 8]])
            #expect(try daemon.predict("model", #"{"instances": [1, 2]}"#).json == ["predictions": [10, 20]])
            let refusal = try daemon.predict("model", #"{"inputs": {"x": [1, 2], "k": "a"}}"#)
            #expect(refusal.status == 400, "\(refusal.body)")
            let inputs = try daemon.get("/v1/models/model/metadata")["metadata"]["signature_def"]["signature_def"]["serving_default"][
                "inputs"]
            #expect(inputs.keys == ["x"])
        }

        @Test("weights that kernels hold in a form of their own are read again for a request that replaces another constant")
        func packedWeights() async throws {
            let width = 256
            let model = TinyModel { graph in
                graph.node("MatMul", ["x", "w"], ["m"])
                graph.node("Add", ["m", "b"], ["y"])
                graph.floats("w", [width, width], [Float](repeating: 1, count: width * width))
                graph.floats("b", [1], [1])
                graph.input("x", .float, ["rows", .known(width)])
                graph.input("w", .float, [.known(width), .known(width)])
                graph.input("b", .float, [1])
                graph.output("y", .float, ["rows", .known(width)])
            }
            let daemon = try await Self.daemon { try model.publish(1, in: $0) }
            let row = try Self.text(.array(Array(repeating: 1, count: width)))
            func outputs(_ value: Double) -> JSON { ["outputs": [.array(Array(repeating: .number(value), count: width))]] }
            #expect(try daemon.predict("model", "{\"inputs\": [\(row)]}").json == outputs(257))
            #expect(try daemon.predict("model", "{\"inputs\": {\"x\": [\(row)], \"b\": [2]}}").json == outputs(258))
            #expect(try daemon.predict("model", "{\"inputs\": [\(row)]}").json == outputs(257))
        }
    }
}
