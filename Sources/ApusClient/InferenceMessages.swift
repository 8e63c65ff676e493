import Foundation

/// What an inference may say besides its tensors.
public struct InferenceOptions: Sendable {
    /// Comes back with the result.
    public var id: String?
    /// How long the server may take, waiting and running.
    public var timeout: Duration?
    /// Whether the request may wait for those that are not so.
    public var isLowPriority = false

    public init(id: String? = nil, timeout: Duration? = nil, isLowPriority: Bool = false) {
        self.id = id
        self.timeout = timeout
        self.isLowPriority = isLowPriority
    }
}

/// The outputs of an inference.
public struct InferenceResult: Sendable {
    public let model: String
    public let version: String
    public let id: String?
    /// By name.
    public let outputs: [String: AnyTensor]

    /// The output of that name as a type of Swift.
    public func output<Element>(_ name: String, as type: Element.Type = Element.self) throws(ClientError) -> Tensor<Element> {
        guard let tensor = outputs[name] else { throw .noOutput(name: name, found: outputs.keys.sorted()) }
        return try tensor.typed(type)
    }
}

/// The request's JSON; the tensors' bytes follow it.
struct InferenceRequestHead: Encodable {
    struct Input: Encodable {
        let name: String
        let shape: [Int]
        let datatype: Datatype
        let parameters: [String: Int]
    }

    struct Output: Encodable {
        let name: String
    }

    struct Parameters: Encodable {
        let isBinaryOutput = true
        let timeout: Int64?

        enum CodingKeys: String, CodingKey {
            case isBinaryOutput = "binary_data_output"
            case timeout
        }
    }

    let id: String?
    let inputs: [Input]
    /// Nil means all.
    let outputs: [Output]?
    let parameters: Parameters

    init(_ inputs: [(name: String, tensor: AnyTensor)], outputs: [String], _ options: InferenceOptions) {
        id = options.id
        self.inputs = inputs.map { name, tensor in
            Input(name: name, shape: tensor.shape, datatype: tensor.datatype, parameters: ["binary_data_size": tensor.bytes.count])
        }
        self.outputs = outputs.isEmpty ? nil : outputs.map(Output.init)
        parameters = Parameters(
            timeout: options.timeout.map { max(1, $0.components.seconds * 1_000_000 + $0.components.attoseconds / 1_000_000_000_000) })
    }
}

/// The response's JSON.
struct InferenceResponseHead: Decodable {
    struct Output: Decodable {
        struct Parameters: Decodable {
            let byteCount: Int?

            enum CodingKeys: String, CodingKey { case byteCount = "binary_data_size" }
        }

        let name: String
        let shape: [Int]
        let datatype: Datatype
        let parameters: Parameters?
    }

    let model: String
    let version: String
    let id: String?
    let outputs: [Output]

    enum CodingKeys: String, CodingKey {
        case model = "model_name"
        case version = "model_version"
        case id, outputs
    }
}

extension InferenceResult {
    /// - Parameter jsonByteCount: bytes of the JSON at the beginning of the body; nil: all of it.
    init(_ body: [UInt8], jsonByteCount: Int?) throws(ClientError) {
        let end = jsonByteCount ?? body.count
        guard (0...body.count).contains(end) else { throw .malformedResponse("its JSON is to have \(end) bytes of \(body.count)") }
        let head: InferenceResponseHead
        do {
            head = try JSONDecoder().decode(InferenceResponseHead.self, from: Data(body[..<end]))
        } catch {
            throw .malformedResponse(String(describing: error))
        }
        var rest = body[end...], outputs: [String: AnyTensor] = [:]
        for output in head.outputs {
            guard let byteCount = output.parameters?.byteCount, byteCount >= 0, byteCount <= rest.count else {
                throw .malformedResponse("output \"\(output.name)\" has not the binary data that it announces")
            }
            outputs[output.name] = AnyTensor(output.datatype, shape: output.shape, bytes: Array(rest.prefix(byteCount)))
            rest = rest.dropFirst(byteCount)
        }
        self.init(model: head.model, version: head.version, id: head.id, outputs: outputs)
    }
}
