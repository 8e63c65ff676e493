import GRPCCore
import GRPCFrontend
import GRPCNIOTransportHTTP2Posix
import HTTPCore
import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages
import Synchronization
import Tensors
import Testing

@Suite("Predict over gRPC")
struct PredictTests {
    static let service = "tensorflow.serving.PredictionService"

    /// A `PredictRequest`.
    static func request(
        _ model: String? = "half", version: Int64? = nil, label: String? = nil, signature: String = "", filter: [String] = [],
        inputs: [(String, [Float], Int)] = [("x", [1, 2, 5], 1)]
    ) -> [UInt8] {
        var request = WireWriter()
        if let model {
            request.message(1) { spec in
                if !model.isEmpty { spec.string(1, model) }
                if let version { spec.message(2) { $0.integer(1, version) } }
                if let label { spec.string(4, label) }
                if !signature.isEmpty { spec.string(3, signature) }
            }
        }
        for (name, values, type) in inputs {
            request.message(2) { entry in
                entry.string(1, name)
                entry.message(2) { tensor in
                    tensor.varint(1, UInt64(type))
                    tensor.message(2) { $0.message(2) { $0.integer(1, Int64(values.count)) } }
                    if type == 1 { tensor.packedFloats(5, values) } else { tensor.packed(7, values.map { Int64($0) }) }
                }
            }
        }
        for name in filter { request.string(3, name) }
        return request.bytes
    }

    /// What a `PredictResponse` says: outputs 1, model_spec 2.
    struct Response: WireMessage {
        var outputs: [TensorFlow.MapEntry<TensorFlow.Tensor>] = []
        var spec: TensorFlow.ModelSpec?

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: try reader.append(field, "outputs", to: &outputs)
            case 2: try reader.merge(field, "model_spec", into: &spec)
            default: try reader.skip(field)
            }
        }

        static func read(_ bytes: [UInt8]) throws -> (floats: [Float], isTyped: Bool, spec: TensorFlow.ModelSpec?) {
            try bytes.withUnsafeBytes { bytes in
                var reader = WireReader(bytes)
                let response = try Response(from: &reader)
                guard response.outputs.map(\.key) == ["y"], let output = response.outputs[0].value else { return ([], false, nil) }
                var decoder = TensorMessageDecoder(bytes, byteLimit: 1 << 26)
                guard case .dense(let tensor) = try decoder.value(output) else { return ([], false, nil) }
                return (tensor.values(Float.self), output.content == nil, response.spec)
            }
        }
    }

    @Test("answers in the field of the type, with the version that answered and the signature's name")
    func answers() async throws {
        let live = try LiveServer()
        try await live.run { client in
            let (floats, isTyped, spec) = try Response.read(try await client.call(Self.service, "Predict", Self.request()))
            #expect(floats == [2.5, 3, 4.5])
            #expect(isTyped)
            #expect(spec?.name == "half")
            #expect(spec?.version == .version(2))
            #expect(spec?.signatureName == "serving_default")
            let old = try Response.read(try await client.call(Self.service, "Predict", Self.request(version: 1)))
            #expect(old.floats == [1.5, 2, 3.5])
        }
        #expect(live.meters.calls.withLock { $0["\(Self.service)/Predict"] } == [.ok, .ok])
        let records = live.calls.calls.withLock { $0 }
        #expect(records.map(\.record.version) == [2, 1])
        #expect(records.allSatisfy { $0.record.entrypoint == .grpc && $0.record.api == .predict && $0.outcome.status == .ok })
    }

    @Test("writes tensor_content where that is configured")
    func content() async throws {
        try await LiveServer(.init(writesTensorContent: true)).run { client in
            let (floats, isTyped, _) = try Response.read(try await client.call(Self.service, "Predict", Self.request()))
            #expect(floats == [2.5, 3, 4.5])
            #expect(!isTyped)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let request: [UInt8]
        let code: RPCError.Code
        let text: String
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(name: "no model_spec", request: request(nil), code: .invalidArgument, text: "Missing ModelSpec"),
        Refusal(name: "no name", request: request(""), code: .invalidArgument, text: "ModelSpec has no name specified."),
        Refusal(name: "a missing model", request: request("nope"), code: .notFound, text: "Servable not found for request: Latest(nope)"),
        Refusal(name: "a missing version", request: request(version: 9), code: .notFound, text: "Servable"),
        Refusal(
            name: "an unknown label", request: request(label: "x"), code: .invalidArgument, text: "Unrecognized servable version label: x"),
        Refusal(
            name: "an unknown signature", request: request(signature: "s"), code: .failedPrecondition,
            text: "Serving signature key \"s\" not found."),
        Refusal(
            name: "no input", request: request(inputs: []), code: .invalidArgument,
            text: "input size does not match signature: 0!=1 len({}) != len({x}). Sent extra: {}. Missing but required: {x}."),
        Refusal(
            name: "one input too many", request: request(inputs: [("x", [1], 1), ("z", [1], 1)]), code: .invalidArgument,
            text: "input size does not match signature: 2!=1 len({x,z}) != len({x}). Sent extra: {z}. Missing but required: {}."),
        Refusal(
            name: "another name", request: request(inputs: [("z", [1], 1)]), code: .invalidArgument,
            text: "Inputs contains invalid name. Used request inputs: {z}, request input: z"),
        Refusal(name: "another type", request: request(inputs: [("x", [1], 3)]), code: .invalidArgument, text: "input \"x\" is"),
        Refusal(name: "no type", request: request(inputs: [("x", [1], 0)]), code: .invalidArgument, text: "tensor parsing error: x"),
        Refusal(
            name: "an unknown output", request: request(filter: ["q"]), code: .invalidArgument,
            text: "output tensor alias not found in signature: q"),
        Refusal(name: "no message", request: [255, 255], code: .internalError, text: "the request is no PredictRequest"),
    ]

    @Test("refuses in TensorFlow Serving's words", arguments: refusals)
    func refuses(refusal: Refusal) async throws {
        try await LiveServer().run { client in
            let error = await client.failure(Self.service, "Predict", refusal.request)
            #expect(error?.code == refusal.code)
            #expect(error?.message.hasPrefix(refusal.text) == true, "\(error?.message ?? "no error")")
        }
    }

    @Test("cuts long messages")
    func longMessage() async throws {
        try await LiveServer().run { client in
            let error = await client.failure(Self.service, "Predict", Self.request(signature: String(repeating: "ä", count: 2_000)))
            #expect(error?.message.hasSuffix("...TRUNCATED") == true)
            #expect(error.map { $0.message.utf8.count <= 1024 + 12 } == true)
        }
    }

    @Test("an unknown method is UNIMPLEMENTED")
    func unknownMethod() async throws {
        try await LiveServer().run { client in
            #expect(await client.failure(Self.service, "Nope", [])?.code == .unimplemented)
        }
    }

    @Test("a message over the limit is RESOURCE_EXHAUSTED, and the next call is answered")
    func tooLong() async throws {
        try await LiveServer(.init(maxRequestBytes: 4_096)).run { client in
            let error = await client.failure(
                Self.service, "Predict", Self.request(inputs: [("x", [Float](repeating: 1, count: 4_096), 1)]))
            #expect(error?.code == .resourceExhausted, "\(String(describing: error))")
            _ = try await client.call(Self.service, "Predict", Self.request())
        }
    }

    @Test("a response over the limit is RESOURCE_EXHAUSTED")
    func tooLongResponse() async throws {
        try await LiveServer(.init(maxResponseBytes: 4_096)).run { client in
            let error = await client.failure(
                Self.service, "Predict", Self.request(inputs: [("x", [Float](repeating: 1, count: 4_096), 1)]))
            #expect(error?.code == .resourceExhausted)
        }
    }

    @Test("echoes the request's name and trace")
    func identity() async throws {
        try await LiveServer().run { client in
            let echoed = try await client.unary(
                request: ClientRequest(message: Self.request(), metadata: ["x-request-id": "abc-1", "x-other": "no"]),
                descriptor: MethodDescriptor(fullyQualifiedService: Self.service, method: "Predict"), serializer: BytesCoder(),
                deserializer: BytesCoder(), options: .defaults
            ) { response in
                (Array(response.metadata[stringValues: "x-request-id"]), Array(response.metadata[stringValues: "x-other"]))
            }
            #expect(echoed.0 == ["abc-1"])
            #expect(echoed.1.isEmpty)
        }
    }

    @Test("a compressed call, which the library carries, is answered like another", arguments: [CompressionAlgorithm.gzip, .deflate])
    func compressed(algorithm: CompressionAlgorithm) async throws {
        let live = try LiveServer()
        try await live.serve {
            let transport = try HTTP2ClientTransport.Posix(
                target: .ipv4(address: "127.0.0.1", port: Int(live.server.addresses[0].port)), transportSecurity: .plaintext,
                config: .defaults {
                    $0.compression.algorithm = algorithm
                    $0.compression.enabledAlgorithms = .all
                })
            try await withGRPCClient(transport: transport) { client in
                var options = CallOptions.defaults
                options.compression = algorithm
                let values = [Float](repeating: 1, count: 1_000)
                let bytes = try await client.call(Self.service, "Predict", Self.request(inputs: [("x", values, 1)]), options: options)
                #expect(try Response.read(bytes).floats == values.map { $0 / 2 + 2 })
                let error = await client.failure(Self.service, "Predict", Self.request("nope"), options: options)
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test("a message's characters beyond ASCII reach the client as they are")
    func characters() async throws {
        try await LiveServer().run { client in
            let error = await client.failure(Self.service, "Predict", Self.request(signature: "grün 100%"))
            #expect(error?.message == "Serving signature key \"grün 100%\" not found.")
        }
    }

    @Test("a tensor of several megabytes, in many frames, both ways")
    func large() async throws {
        try await LiveServer().run { client in
            let values = (0..<1_000_000).map(Float.init)
            var options = CallOptions.defaults
            options.maxResponseMessageBytes = 64 << 20
            let bytes = try await client.call(Self.service, "Predict", Self.request(inputs: [("x", values, 1)]), options: options)
            #expect(try Response.read(bytes).floats == values.map { $0 / 2 + 2 })
        }
    }
}
