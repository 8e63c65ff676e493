import GRPCCore
import GRPCFrontend
import GRPCMessages
import ProtobufWire
import ServableCore
import SwiftProtobuf
import Synchronization
import Testing

@Suite("Health, reflection and the model service over gRPC")
struct ControlTests {
    private static let health = "grpc.health.v1.Health"
    private static let models = "tensorflow.serving.ModelService"

    private static func check(_ client: LiveServer.Client, _ name: String) async throws -> Grpc_Health_V1_HealthCheckResponse.ServingStatus
    {
        let request = Grpc_Health_V1_HealthCheckRequest.with { $0.service = name }
        let bytes = try await client.call(health, "Check", try request.serializedBytes())
        return try Grpc_Health_V1_HealthCheckResponse(serializedBytes: bytes).status
    }

    static let names = [
        "", "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "inference.GRPCInferenceService",
        "PredictionService", "ModelService",
    ]

    @Test("health is that of the daemon, under every name", arguments: names)
    func health(name: String) async throws {
        let live = try LiveServer()
        try await live.run { client in
            let ready = try await Self.check(client, name)
            #expect(ready == .serving)
            live.unreadiness.set(["models are being looked for"])
            let unready = try await Self.check(client, name)
            #expect(unready == .notServing)
        }
    }

    @Test("a name that is not known is NOT_FOUND")
    func unknownName() async throws {
        try await LiveServer().run { client in
            let request = Grpc_Health_V1_HealthCheckRequest.with { $0.service = "nope" }
            let bytes: [UInt8] = try request.serializedBytes()
            #expect(await client.failure(Self.health, "Check", bytes)?.code == .notFound)
        }
    }

    @Test("health is not offered where the configuration says so")
    func withoutHealth() async throws {
        try await LiveServer(.init(offersHealth: false)).run { client in
            #expect(await client.failure(Self.health, "Check", [])?.code == .unimplemented)
        }
    }

    @Test("the list has every name")
    func list() async throws {
        try await LiveServer().run { client in
            let list = try Grpc_Health_V1_HealthListResponse(serializedBytes: try await client.call(Self.health, "List", []))
            #expect(Set(list.statuses.keys) == Set(Self.names))
        }
    }

    @Test("a watch hears the state and each change, and the drain last")
    func watch() async throws {
        let live = try LiveServer()
        try await live.run { client in
            try await client.serverStreaming(
                request: ClientRequest(message: [UInt8]()),
                descriptor: MethodDescriptor(fullyQualifiedService: Self.health, method: "Watch"),
                serializer: BytesCoder(), deserializer: BytesCoder(), options: .defaults
            ) { response in
                var seen: [Grpc_Health_V1_HealthCheckResponse.ServingStatus] = []
                do {
                    for try await message in response.messages {
                        seen.append(try Grpc_Health_V1_HealthCheckResponse(serializedBytes: message).status)
                        switch seen.count {
                        case 1: live.unreadiness.set(["a reason"])
                        case 2: live.unreadiness.set([])
                        case 3: live.server.beginDrain()
                        default: break
                        }
                    }
                } catch let error as RPCError {
                    #expect(error.code == .unavailable)
                }
                #expect(seen == [.serving, .notServing, .serving, .notServing])
            }
        }
    }

    // MARK: Reflection

    private static func reflect(
        _ client: LiveServer.Client, _ version: String, _ question: Grpc_Reflection_V1_ServerReflectionRequest
    ) async throws -> Grpc_Reflection_V1_ServerReflectionResponse? {
        let bytes: [UInt8] = try question.serializedBytes()
        return try await client.bidirectionalStreaming(
            request: StreamingClientRequest { try await $0.write(bytes) },
            descriptor: MethodDescriptor(
                fullyQualifiedService: "grpc.reflection.\(version).ServerReflection", method: "ServerReflectionInfo"),
            serializer: BytesCoder(), deserializer: BytesCoder(), options: .defaults
        ) { response in
            for try await message in response.messages {
                return try Grpc_Reflection_V1_ServerReflectionResponse(serializedBytes: message)
            }
            return nil
        }
    }

    @Test("reflection lists the services and has the descriptors of all that they need", arguments: ["v1", "v1alpha"])
    func reflection(version: String) async throws {
        try await LiveServer().run { client in
            let list = try await Self.reflect(client, version, .with { $0.listServices = "" })
            let names = list?.listServicesResponse.service.map(\.name) ?? []
            #expect(
                Set(names) == [
                    "tensorflow.serving.PredictionService", "tensorflow.serving.ModelService", "inference.GRPCInferenceService",
                    "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
                ])
            for name in names {
                let files = try await Self.reflect(client, version, .with { $0.fileContainingSymbol = name })
                let descriptors = try (files?.fileDescriptorResponse.fileDescriptorProto ?? []).map {
                    try Google_Protobuf_FileDescriptorProto(serializedBytes: [UInt8]($0))
                }
                let present = Set(descriptors.map(\.name)), needed = Set(descriptors.flatMap(\.dependency))
                #expect(!present.isEmpty)
                #expect(needed.isSubset(of: present))
            }
            let miss = try await Self.reflect(client, version, .with { $0.fileContainingSymbol = "nope" })
            #expect(miss?.errorResponse.errorCode == 5)
        }
    }

    // MARK: Model service

    @Test("the status has every version, newest first, and refuses what is not known")
    func status() async throws {
        try await LiveServer().run { client in
            func request(_ name: String?, _ version: Int64? = nil) throws -> [UInt8] {
                var request = Tensorflow_Serving_GetModelStatusRequest()
                if let name { request.modelSpec.name = name }
                if let version { request.modelSpec.version.value = version }
                return try request.serializedBytes()
            }
            let bytes = try await client.call(Self.models, "GetModelStatus", try request("half"))
            let versions = try Tensorflow_Serving_GetModelStatusResponse(serializedBytes: bytes).modelVersionStatus
            #expect(versions.map(\.version) == [2, 1])
            #expect(versions.allSatisfy { $0.state == .available && $0.hasStatus && $0.status.errorCode == .ok })
            let none = await client.failure(Self.models, "GetModelStatus", try request("half", 9))
            #expect(none?.code == .notFound)
            #expect(none?.message == "Could not find version 9 of model half")
            #expect(await client.failure(Self.models, "GetModelStatus", try request("nope"))?.code == .notFound)
            #expect(await client.failure(Self.models, "GetModelStatus", try request(nil))?.message == "Missing ModelSpec")
        }
    }

    @Test("a reload needs an admin's token, and a list of models")
    func reload() async throws {
        let live = try LiveServer()
        try await live.run { client in
            var request = Tensorflow_Serving_ReloadConfigRequest()
            request.config.modelConfigList.config = [
                .with {
                    $0.name = "a"; $0.basePath = "/a"; $0.modelPlatform = "tensorflow"
                }
            ]
            request.metricNames = ["/x"]
            let bytes: [UInt8] = try request.serializedBytes()
            #expect(await client.failure(Self.models, "HandleReloadConfigRequest", bytes)?.code == .unauthenticated)
            let wrong = await client.failure(
                Self.models, "HandleReloadConfigRequest", bytes, metadata: ["authorization": "Bearer other"])
            #expect(wrong?.code == .permissionDenied)
            let answer = try await client.call(
                Self.models, "HandleReloadConfigRequest", bytes, metadata: ["authorization": "Bearer secret"])
            let response = try Tensorflow_Serving_ReloadConfigResponse(serializedBytes: answer)
            #expect(response.status.errorCode == .ok)
            #expect(response.metric.map(\.name) == ["/x"])
            let none = await client.failure(
                Self.models, "HandleReloadConfigRequest", [], metadata: ["authorization": "Bearer secret"])
            #expect(none?.code == .invalidArgument)
        }
        let changes = live.repository.changes.withLock { $0 }
        #expect(changes.count == 1)
        #expect(changes.first?.contains("base_path: \"/a\"") == true)
    }

    @Test("metadata is an Any that holds the signatures")
    func metadata() async throws {
        try await LiveServer().run { client in
            func request(_ fields: [String]) throws -> [UInt8] {
                try Tensorflow_Serving_GetModelMetadataRequest.with {
                    $0.modelSpec.name = "half"
                    $0.metadataField = fields
                }.serializedBytes()
            }
            let bytes = try await client.call(PredictTests.service, "GetModelMetadata", try request(["signature_def"]))
            let response = try Tensorflow_Serving_GetModelMetadataResponse(serializedBytes: bytes)
            #expect(response.modelSpec.version.value == 2)
            let any = try #require(response.metadata["signature_def"])
            #expect(any.typeURL == "type.googleapis.com/tensorflow.serving.SignatureDefMap")
            let map = try Tensorflow_Serving_SignatureDefMap(unpackingAny: any)
            let definition = try #require(map.signatureDef["serving_default"])
            #expect(definition.inputs["x"]?.dtype == .dtFloat)
            #expect(definition.inputs["x"]?.tensorShape.dim.map(\.size) == [-1])
            let unknown = await client.failure(PredictTests.service, "GetModelMetadata", try request(["graph"]))
            #expect(unknown?.message == "Metadata field graph is not supported")
            let none = await client.failure(PredictTests.service, "GetModelMetadata", try request([]))
            #expect(none?.message == "GetModelMetadataRequest must specify at least one metadata_field")
        }
    }
}
