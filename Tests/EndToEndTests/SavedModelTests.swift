import Foundation
import Testing

extension EndToEnd {
    /// TensorFlow's models, from a folder to answers.
    @Suite("SavedModels")
    struct SavedModelTests {
        private static let fixtures = Repository.fixtures.deletingLastPathComponent().appending(path: "SavedModels")

        /// Serves a model of TensorFlow Serving's tests as `model`.
        private static func daemon(_ fixture: String) async throws -> DaemonProcess {
            let home = try TemporaryFolder()
            try FileManager.default.createDirectory(at: home["model"], withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: fixtures.appending(path: fixture), to: home["model/1"])
            let daemon = try await DaemonProcess(in: home, "models: [{name: model, path: model}]")
            try await daemon.waitUntilReady()
            return daemon
        }

        @Test("answer tensors of whatever shape, and examples")
        func predictions() async throws {
            let daemon = try await Self.daemon("half_plus_two")
            #expect(try daemon.predict("model", #"{"instances": [1.0, 2.0, 5.0]}"#).json == ["predictions": [2.5, 3, 4.5]])
            #expect(try daemon.predict("model", #"{"inputs": [[1.0], [2.0]]}"#).json == ["outputs": [[2.5], [3]]])
            let examples = #""examples": [{"x": 1.0}, {"x": 5.0}]"#
            let regression = try daemon.request(
                "POST", "/v1/models/model:regress", body: #"{"signature_name": "regress_x_to_y", \#(examples)}"#)
            #expect(try regression.json == ["results": [2.5, 4.5]])
            let classification = try daemon.request(
                "POST", "/v1/models/model:classify", body: #"{"signature_name": "classify_x_to_y", \#(examples)}"#)
            #expect(try classification.json == ["results": [[["", 2.5]], [["", 4.5]]]])
        }

        @Test("refuse examples that a signature does not take, and say why")
        func refusedExamples() async throws {
            let daemon = try await Self.daemon("half_plus_two")
            for (body, fault) in [
                (#"{"examples": [{"x": 1.0}]}"#, "No regression inputs found in SignatureDef"),
                (#"{"signature_name": "regress_x_to_y", "examples": [{"x": 1}]}"#, "Data types don't match"),
                (#"{"signature_name": "regress_x_to_y", "examples": [{}]}"#, "x"),
                (#"{"signature_name": "none", "examples": [{"x": 1.0}]}"#, "none"),
            ] {
                let response = try daemon.request("POST", "/v1/models/model:regress", body: body)
                #expect(response.status == 400)
                #expect(try response.json["error"].text?.contains(fault) == true, "\(response.body)")
            }
        }

        @Test("take and give sparse and ragged tensors by their parts")
        func parts() async throws {
            let daemon = try await Self.daemon("sparse")
            let sparse = #"{"inputs": {"x/indices": [[0, 1], [1, 3]], "x/values": [1.0, 2.0], "x/dense_shape": [2, 4]}}"#
            #expect(
                try daemon.predict("model", sparse).json == [
                    "outputs": [
                        "y": [[0, 2, 0, 0], [0, 0, 0, 4]], "z/indices": [[0, 1], [1, 3]], "z/values": [2, 3], "z/dense_shape": [2, 4],
                    ]
                ])
            let ragged = #"{"signature_name": "rows", "inputs": [[1.0, 2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]]}"#
            #expect(try daemon.predict("model", ragged).json == ["outputs": ["r/0": [1, 2, 3], "r/1": [0, 2, 3]]])
        }

        @Test("keep state that requests change, and lose nothing when many do at once")
        func state() async throws {
            let daemon = try await Self.daemon("counter")
            let increment = #"{"signature_name": "incr_counter", "inputs": {}}"#
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<25 {
                            do { _ = try daemon.predict("model", increment) } catch { Issue.record("\(error)") }
                        }
                    }
                }
            }
            let counter = try daemon.predict("model", #"{"signature_name": "get_counter", "inputs": {}}"#)
            #expect(try counter.json == ["outputs": 200])
        }
    }
}
