import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Testing

extension EndToEnd {
    @Suite("gRPC")
    struct GRPCTests {
        private struct Coder: MessageSerializer, MessageDeserializer {
            func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) -> Bytes { Bytes(message) }
            func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
        }

        private typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

        private static func call(_ client: Client, _ service: String, _ method: String, _ message: [UInt8]) async throws -> [UInt8] {
            try await client.unary(
                request: ClientRequest(message: message), descriptor: MethodDescriptor(fullyQualifiedService: service, method: method),
                serializer: Coder(), deserializer: Coder(), options: .defaults
            ) { try $0.message }
        }

        /// Starts the daemon with a Unix socket for gRPC.
        private static func start(in home: TemporaryFolder, flags: [String] = []) async throws -> DaemonProcess {
            try home.copyModel("half_plus_two")
            try home.write("model_root: models", to: "apus.yaml")
            let daemon = try await DaemonProcess(
                in: home, configurationFile: home["apus.yaml"], flags: ["--grpc_socket_path=\(home["grpc.sock"].path)"] + flags)
            try await daemon.waitUntilReady()
            return daemon
        }

        private static func with(_ home: TemporaryFolder, _ body: (Client) async throws -> Void) async throws {
            let transport = try HTTP2ClientTransport.Posix(
                target: .unixDomainSocket(path: home["grpc.sock"].path), transportSecurity: .plaintext)
            try await withGRPCClient(transport: transport) { client in try await body(client) }
        }

        /// ModelInferRequest of three floats: model_name 1, inputs 5 { name 1, datatype 2, shape 3 }, raw_input_contents 7.
        private static func infer(_ model: String) -> [UInt8] {
            let input: [UInt8] = [10, 1, 0x78, 18, 4] + Array("FP32".utf8) + [26, 1, 3]
            let raw = ([1, 2, 5] as [Float]).withUnsafeBytes { Array($0) }
            return [10, UInt8(model.utf8.count)] + Array(model.utf8) + [42, UInt8(input.count)] + input + [58, UInt8(raw.count)] + raw
        }

        @Test("a model answers over the socket that a flag names; its calls are counted")
        func answers() async throws {
            let home = try TemporaryFolder()
            let daemon = try await Self.start(in: home)
            try await Self.with(home) { client in
                let response = try await Self.call(client, "inference.GRPCInferenceService", "ModelInfer", Self.infer("half_plus_two"))
                #expect(response.suffix(12) == ([2.5, 3, 4.5] as [Float]).withUnsafeBytes { Array($0) }[...])
            }
            let series = "apus_grpc_requests_total{method=\"inference.GRPCInferenceService/ModelInfer\",status=\"OK\"}"
            #expect(try daemon.metric(series) == 1)
            let latency = ":tensorflow:serving:request_latency_count{model_name=\"half_plus_two\",API=\"predict\",entrypoint=\"GRPC\"}"
            #expect(try daemon.metric(latency) == 1)
        }

        /// ReloadConfigRequest { config 1 { model_config_list 1 { config 1 { name 1, base_path 2, model_platform 4 } } } }.
        @Test("over the socket the whole list of models is replaced, and the call returns when they serve")
        func reload() async throws {
            let home = try TemporaryFolder()
            let daemon = try await Self.start(in: home)
            func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
                precondition(bytes.count < 16_384)
                let length = bytes.count < 128 ? [UInt8(bytes.count)] : [UInt8(bytes.count & 127) | 128, UInt8(bytes.count >> 7)]
                return [number << 3 | 2] + length + bytes
            }
            let path = home["models/half_plus_two"].path
            let model = field(1, Array("again".utf8)) + field(2, Array(path.utf8)) + field(4, Array("tensorflow".utf8))
            try await Self.with(home) { client in
                _ = try await Self.call(
                    client, "tensorflow.serving.ModelService", "HandleReloadConfigRequest", field(1, field(1, field(1, model))))
                _ = try await Self.call(client, "inference.GRPCInferenceService", "ModelInfer", Self.infer("again"))
                await #expect(throws: RPCError.self) {
                    try await Self.call(client, "inference.GRPCInferenceService", "ModelInfer", Self.infer("half_plus_two"))
                }
            }
            try await daemon.waitUntil("half_plus_two", 1, is: "END")
        }

        @Test("the end takes the socket away, and exits with success")
        func end() async throws {
            let home = try TemporaryFolder()
            let daemon = try await Self.start(in: home)
            daemon.send(SIGTERM)
            #expect(try await daemon.exitStatus() == 0)
            #expect(!FileManager.default.fileExists(atPath: home["grpc.sock"].path))
        }

        @Test("certificates that cannot be used are refused at the start")
        func refusedCertificates() async throws {
            let home = try TemporaryFolder()
            try home.write("server_key: \"x\" server_cert: \"y\"", to: "ssl.txt")
            await #expect(throws: (any Error).self) {
                try await Self.start(in: home, flags: ["--port=1", "--ssl_config_file=\(home["ssl.txt"].path)"])
            }
        }
    }
}
