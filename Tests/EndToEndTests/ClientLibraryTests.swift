import ApusClient
import Foundation
import Testing

extension EndToEnd {
    /// The client library against a daemon.
    @Suite("Client library")
    struct ClientLibraryTests {
        private static func daemon(_ home: TemporaryFolder) async throws -> DaemonProcess {
            let models = Repository.fixtures.deletingLastPathComponent().appending(path: "OpenInference/models")
            let entries = ["id_bytes", "id_bool", "id_int8", "id_uint64", "id_fp64", "two_in", "plus_version"].map { name in
                ["name": name, "path": models.appending(path: name).path, "versions": "all"]
            }
            let all = entries + [["name": "half plus two", "path": Repository.models.appending(path: "half_plus_two").path]]
            try JSONSerialization.data(withJSONObject: ["models": all]).write(to: home["apus.yaml"])
            let daemon = try await DaemonProcess(in: home, configurationFile: home["apus.yaml"])
            try await daemon.waitUntilReady()
            return daemon
        }

        private static func client(_ daemon: DaemonProcess, token: String? = nil) throws -> InferenceClient {
            InferenceClient(try #require(URL(string: "http://127.0.0.1:\(daemon.port)/")), token: token)
        }

        @Test("gives typed tensors and takes them back")
        func tensors() async throws {
            let daemon = try await Self.daemon(try TemporaryFolder())
            let client = try Self.client(daemon)
            let result = try await client.infer(
                "half plus two", ["x": Tensor<Float>([1, 2, 5])], options: InferenceOptions(id: "7", timeout: .seconds(5)))
            #expect(try result.output("y") == Tensor<Float>([2.5, 3, 4.5]))
            #expect((result.model, result.version, result.id) == ("half plus two", "1", "7"))
            func roundTrip<Element: TensorElement>(_ model: String, _ tensor: Tensor<Element>) async throws -> Bool {
                try await client.infer(model, ["x": tensor]).output("y") == tensor
            }
            #expect(try await roundTrip("id_bytes", Tensor<String>(["ab", "", "é"], shape: [1, 3])))
            #expect(try await roundTrip("id_bytes", Tensor<[UInt8]>([[255, 0], []], shape: [2, 1])))
            #expect(try await roundTrip("id_bool", Tensor<Bool>([true, false], shape: [1, 2])))
            #expect(try await roundTrip("id_int8", Tensor<Int8>([-128, 127], shape: [1, 2])))
            #expect(try await roundTrip("id_uint64", Tensor<UInt64>([.max, 0], shape: [1, 2])))
            #expect(try await roundTrip("id_fp64", Tensor<Double>([], shape: [0, 3])))
        }

        @Test("chooses versions and outputs, and mixes element types")
        func choices() async throws {
            let daemon = try await Self.daemon(try TemporaryFolder())
            let client = try Self.client(daemon)
            let second = try await client.infer("plus_version", version: 2, ["x": Tensor<Float>([1])])
            #expect(try second.output("y") == Tensor<Float>([3]))
            let inputs = ["a": AnyTensor(Tensor<Float>([1, 2])), "b": AnyTensor(Tensor<Int32>([10, 20]))]
            let result = try await client.infer("two_in", inputs, outputs: ["diff"])
            #expect(result.outputs.keys.sorted() == ["diff"])
            #expect(try result.output("diff") == Tensor<Float>([-9, -18]))
        }

        @Test("knows the server, its models and how they fare")
        func facts() async throws {
            let daemon = try await Self.daemon(try TemporaryFolder())
            let client = try Self.client(daemon)
            #expect(try await client.isLive())
            #expect(try await client.isReady())
            #expect(try await client.isReady("plus_version", version: 3))
            #expect(try await !client.isReady("plus_version", version: 9))
            #expect(try await client.serverMetadata().name == "apus")
            let metadata = try await client.metadata(of: "two_in")
            #expect(metadata.inputs.map(\.name) == ["a", "b"])
            #expect(metadata.inputs[1].datatype == .int32 && metadata.inputs[1].shape == [-1])
            #expect(try await client.repositoryIndex().contains { $0.name == "plus_version" && $0.version == "2" && $0.state == "READY" })
        }

        @Test("says what went wrong, in the server's words")
        func errors() async throws {
            let daemon = try await Self.daemon(try TemporaryFolder())
            let client = try Self.client(daemon)
            let missing = try await #require(throws: ClientError.self) { try await client.infer("missing", ["x": Tensor<Float>([1])]) }
            guard case .server(404, let message) = missing else { throw missing }
            #expect(message.contains("missing") && !missing.mayPass)
            let wrong = try await #require(throws: ClientError.self) { try await client.infer("two_in", ["a": Tensor<Double>([1])]) }
            guard case .server(400, _) = wrong else { throw wrong }
            let refused = try await #require(throws: ClientError.self) { try await client.unload("two_in") }
            guard case .server(403, _) = refused else { throw refused }
            let result = try await client.infer("half plus two", ["x": Tensor<Float>([1])])
            #expect(throws: ClientError.wrongType(expected: .int32, found: .fp32)) { try result.output("y", as: Int32.self) }
            #expect(throws: ClientError.noOutput(name: "z", found: ["y"])) { try result.output("z", as: Float.self) }
            let nobody = InferenceClient(try #require(URL(string: "http://127.0.0.1:1")))
            let unreachable = try await #require(throws: ClientError.self) { try await nobody.isLive() }
            #expect(unreachable.mayPass)
        }
    }
}
