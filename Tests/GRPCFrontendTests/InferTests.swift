import GRPCCore
import ProtobufWire
import ServableCore
import Synchronization
import Testing

@Suite("The Open Inference Protocol over gRPC")
struct InferTests {
    private static let service = "inference.GRPCInferenceService"

    /// A `ModelInferRequest`; `contents` fills the one input's InferTensorContents.
    static func request(
        _ model: String = "half", version: String = "", id: String = "", datatype: String = "FP32", shape: [Int64] = [2],
        raw: [[UInt8]] = [], contents: ((inout WireWriter) -> Void)? = nil, parameter: ((inout WireWriter) -> Void)? = nil
    ) -> [UInt8] {
        var request = WireWriter()
        request.string(1, model)
        if !version.isEmpty { request.string(2, version) }
        if !id.isEmpty { request.string(3, id) }
        if let parameter { request.message(4, parameter) }
        request.message(5) { input in
            input.string(1, "x")
            input.string(2, datatype)
            input.packed(3, shape)
            if let contents { input.message(5, contents) }
        }
        for entry in raw { request.delimited(7, entry) }
        return request.bytes
    }

    static func bytes(_ values: [Float]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    /// A `ModelInferResponse`: model_name 1, model_version 2, id 3, outputs 5 (shape 3), raw_output_contents 6.
    struct Response: WireMessage {
        var model = "", version = "", id = ""
        var outputCount = 0
        var raw: [Range<Int>] = []
        var bytes: [[UInt8]] = []

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: model = try reader.string(field)
            case 2: version = try reader.string(field)
            case 3: id = try reader.string(field)
            case 5:
                outputCount += 1
                try reader.skip(field)
            case 6: raw.append(try reader.range(field))
            default: try reader.skip(field)
            }
        }

        static func read(_ bytes: [UInt8]) throws -> Response {
            var response = try bytes.withUnsafeBytes { bytes in
                var reader = WireReader(bytes)
                return try Response(from: &reader)
            }
            response.bytes = response.raw.map { Array(bytes[$0]) }
            return response
        }
    }

    static let accepted: [(name: String, request: [UInt8])] = [
        ("raw", request(id: "7", raw: [bytes([1, 2])])),
        ("typed, packed", request(id: "7", contents: { $0.packedFloats(6, [1, 2]) })),
        (
            "typed, one field each",
            request(
                id: "7",
                contents: {
                    $0.float(6, 1); $0.float(6, 2)
                })
        ),
        ("of a version", request(version: "2", id: "7", raw: [bytes([1, 2])])),
        (
            "with a parameter that is not known",
            request(
                id: "7", raw: [bytes([1, 2])],
                parameter: {
                    $0.string(1, "content_type"); $0.message(2) { $0.string(3, "np") }
                })
        ),
    ]

    @Test("answers in raw_output_contents, with id and version", arguments: accepted)
    func answers(name: String, request: [UInt8]) async throws {
        try await LiveServer().run { client in
            let response = try Response.read(try await client.call(Self.service, "ModelInfer", request))
            #expect(response.model == "half")
            #expect(response.version == "2")
            #expect(response.id == "7")
            #expect(response.outputCount == 1)
            #expect(response.bytes == [Self.bytes([2.5, 3])])
        }
    }

    @Test("an empty tensor has an empty entry")
    func empty() async throws {
        try await LiveServer().run { client in
            for request in [Self.request(shape: [0], raw: [[]]), Self.request(shape: [0], contents: { _ in })] {
                let response = try Response.read(try await client.call(Self.service, "ModelInfer", request))
                #expect(response.bytes == [[]])
            }
        }
    }

    @Test("strings travel with their lengths")
    func strings() async throws {
        try await LiveServer().run { client in
            let raw: [UInt8] = [1, 0, 0, 0, 97, 0, 0, 0, 0]
            for request in [
                Self.request("texts", datatype: "BYTES", raw: [raw]),
                Self.request(
                    "texts", datatype: "BYTES",
                    contents: {
                        $0.string(8, "a"); $0.string(8, "")
                    }),
            ] {
                let response = try Response.read(try await client.call(Self.service, "ModelInfer", request))
                #expect(response.bytes == [raw])
            }
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let request: [UInt8]
        var code = RPCError.Code.invalidArgument
        let text: String
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(name: "a missing model", request: request("nope", raw: [bytes([1, 2])]), code: .notFound, text: "nope"),
        Refusal(name: "a missing version", request: request(version: "9", raw: [bytes([1, 2])]), code: .notFound, text: "half"),
        Refusal(name: "a version that is no number", request: request(version: "x", raw: [bytes([1, 2])]), text: "\"x\" is no number"),
        Refusal(name: "no data", request: request(), text: "has no data"),
        Refusal(name: "too few bytes", request: request(raw: [bytes([1])]), text: "has 4 bytes"),
        Refusal(
            name: "too many values", request: request(contents: { $0.packedFloats(6, [1, 2, 3]) }), text: "3 elements in fp32_contents"),
        Refusal(name: "another field", request: request(contents: { $0.packed(2, [1, 2]) }), text: "int_contents"),
        Refusal(
            name: "two fields",
            request: request(contents: {
                $0.packedFloats(6, [1, 2]); $0.packed(2, [1])
            }), text: "more than one field"),
        Refusal(
            name: "raw and contents", request: request(raw: [bytes([1, 2])], contents: { $0.packedFloats(6, [1, 2]) }),
            text: "beside raw_input_contents"),
        Refusal(name: "a surplus raw entry", request: request(raw: [bytes([1, 2]), []]), text: "2 entries for 1 inputs"),
        Refusal(name: "a negative extent", request: request(shape: [-1], raw: [[]]), text: "extent -1"),
        Refusal(name: "a shape that overflows", request: request(shape: [.max, .max], raw: [[]]), text: "has shape"),
        Refusal(name: "another type", request: request(datatype: "INT32", raw: [bytes([1, 2])]), text: "datatype INT32"),
        Refusal(
            name: "a parameter without value", request: request(raw: [bytes([1, 2])], parameter: { $0.string(1, "timeout") }),
            text: "has no value"),
        Refusal(
            name: "a reserved parameter",
            request: request(
                raw: [bytes([1, 2])],
                parameter: {
                    $0.string(1, "triton_x"); $0.message(2) { $0.varint(1, 1) }
                }), text: "reserved"),
        Refusal(name: "no message", request: [255, 255], code: .internalError, text: "the request is no ModelInferRequest"),
    ]

    @Test("refuses what is wrong by its name", arguments: refusals)
    func refuses(refusal: Refusal) async throws {
        try await LiveServer().run { client in
            let error = await client.failure(Self.service, "ModelInfer", refusal.request)
            #expect(error?.code == refusal.code)
            #expect(error?.message.contains(refusal.text) == true, "\(error?.message ?? "no error")")
        }
    }

    @Test("a stream answers each request in its turn, and goes on after a fault")
    func stream() async throws {
        try await LiveServer().run { client in
            let requests = [
                Self.request(id: "1", raw: [Self.bytes([1, 2])]), Self.request(id: "2"), Self.request(id: "3", raw: [Self.bytes([3, 4])]),
            ]
            let answers = try await client.bidirectionalStreaming(
                request: StreamingClientRequest { writer in for request in requests { try await writer.write(request) } },
                descriptor: MethodDescriptor(fullyQualifiedService: Self.service, method: "ModelStreamInfer"), serializer: BytesCoder(),
                deserializer: BytesCoder(), options: .defaults
            ) { response in
                var answers: [StreamAnswer] = []
                for try await message in response.messages { answers.append(try StreamAnswer.read(message)) }
                return answers
            }
            #expect(answers.map(\.id) == ["1", "2", "3"])
            #expect(answers.map { $0.error.isEmpty } == [true, false, true])
        }
    }

    /// ModelStreamInferResponse: error_message 1, infer_response 2 (id 3).
    struct StreamAnswer: WireMessage {
        var error = "", id = ""

        mutating func merge(_ field: WireField, from reader: inout WireReader) throws(WireError) {
            switch field.number {
            case 1: error = try reader.string(field)
            case 2:
                var response: Response?
                try reader.merge(field, "infer_response", into: &response)
                id = response?.id ?? ""
            default: try reader.skip(field)
            }
        }

        static func read(_ bytes: [UInt8]) throws -> StreamAnswer {
            try bytes.withUnsafeBytes { bytes in
                var reader = WireReader(bytes)
                return try StreamAnswer(from: &reader)
            }
        }
    }

    @Test("the repository is changed by admins, in Triton's form and KServe's")
    func repository() async throws {
        let live = try LiveServer()
        try await live.run { client in
            var triton = WireWriter(), kserve = WireWriter()
            triton.string(2, "half")
            kserve.string(1, "half")
            #expect(await client.failure(Self.service, "RepositoryModelLoad", triton.bytes)?.code == .unauthenticated)
            let admin: Metadata = ["authorization": "Bearer secret"]
            let answer = try await client.call(Self.service, "RepositoryModelLoad", triton.bytes, metadata: admin)
            #expect(answer == [10, 4] + Array("half".utf8) + [16, 1])
            _ = try await client.call(Self.service, "RepositoryModelUnload", kserve.bytes, metadata: admin)
            triton.message(3) { $0.string(1, "config") }
            #expect(await client.failure(Self.service, "RepositoryModelLoad", triton.bytes, metadata: admin)?.code == .invalidArgument)
        }
        #expect(live.repository.changes.withLock { $0 } == ["load half", "unload half"])
    }
}
