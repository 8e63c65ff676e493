import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// `GET /v1/models/M[…]/metadata`: the signatures, in the form of TensorFlow Serving's reply (section 7 of its REST contract).
struct MetadataHandler: Sendable {
    private let backend: any PredictionBackend
    private let held: HeldRequests
    private let timeout: Duration?

    init(_ backend: any PredictionBackend, _ configuration: RESTConfiguration, _ held: HeldRequests) {
        self.backend = backend
        self.held = held
        timeout = configuration.requestTimeout
    }

    func respond(to path: ModelPath, _ reply: RESTReply) throws(ServableError) {
        guard !path.model.isEmpty else { throw ServableError(.invalidArgument, "Missing model name in request.") }
        do throws(ServableError) {
            send(try backend.target(model: path.model, selector: path.selector), reply)
        } catch {
            let address = HeldRequests.Address(model: path.model, selector: path.selector)
            held.hold(address, reply, after: error, timeout: timeout, byteCount: 0) { send($0, reply) }
        }
    }

    private func send(_ target: PredictionTarget, _ reply: RESTReply) {
        let (id, signatures, initialisation) = (target.id, target.signatures, target.initialisationValue)
        reply.sendJSON { fields in
            fields.appendField(RESTReply.versionField, decimal: Int(id.version))
        } content: { buffer in
            buffer.append("{\"model_spec\":{\"name\":")
            buffer.appendJSON(string: id.name)
            buffer.append(",\"signature_name\":\"\",\"version\":\"")
            buffer.append(decimal: Int(id.version))
            buffer.append("\"},\"metadata\":{\"signature_def\":{\"signature_def\":")
            var members: [(key: String, value: Member)] = signatures.map { (key: $0.name, value: .signature($0)) }
            if let initialisation { members.append((key: Self.initialisationName, value: .initialisation(initialisation))) }
            buffer.appendJSON(object: members.sorted { $0.key < $1.key }) { member, buffer in append(member, to: &buffer) }
            buffer.append("}}}\n")
        }
    }

    /// What TensorFlow Serving lists as a signature.
    private enum Member {
        case signature(Signature)
        /// What initialises the model, by the value that runs it.
        case initialisation(String)
    }

    private static let initialisationName = "__saved_model_init_op"

    private func append(_ member: Member, to buffer: inout ByteBuffer) {
        switch member {
        case .signature(let signature): append(signature, to: &buffer)
        case .initialisation(let value):
            buffer.append("{\"inputs\":{},\"outputs\":{\"\(Self.initialisationName)\":{\"dtype\":\"DT_INVALID\",")
            buffer.append("\"tensor_shape\":{\"dim\":[],\"unknown_rank\":true},\"name\":")
            buffer.appendJSON(string: value)
            buffer.append("}},\"method_name\":\"\",\"defaults\":{}}")
        }
    }

    private func append(_ signature: Signature, to buffer: inout ByteBuffer) {
        buffer.append("{\"inputs\":")
        append(signature.inputs, to: &buffer)
        buffer.append(",\"outputs\":")
        append(signature.outputs, to: &buffer)
        buffer.append(",\"method_name\":")
        buffer.appendJSON(string: signature.methodName)
        buffer.append(",\"defaults\":")
        let defaults = signature.inputs.compactMap { input in input.fallback.map { (key: input.name, value: $0) } }
        buffer.appendJSON(object: defaults) { value, buffer in TensorProtoJSON.append(value, to: &buffer) }
        buffer.append("}")
    }

    private func append(_ parameters: [Signature.Parameter], to buffer: inout ByteBuffer) {
        buffer.appendJSON(object: parameters.map { (key: $0.name, value: $0) }) { parameter, buffer in
            let tensor = parameter.type.requestedTensor
            buffer.append("{\"dtype\":\"")
            buffer.append(tensor?.elementType.dataTypeName ?? Self.variant)
            buffer.append("\",\"tensor_shape\":{\"dim\":")
            buffer.appendJSON(list: tensor?.shape?.dimensions ?? []) { dimension, buffer in
                buffer.append("{\"size\":\"")
                buffer.append(decimal: dimension.value ?? -1)
                buffer.append("\",\"name\":\"\"}")
            }
            buffer.append(tensor?.shape == nil ? ",\"unknown_rank\":true" : ",\"unknown_rank\":false")
            buffer.append("},\"name\":")
            buffer.appendJSON(string: parameter.valueName)
            buffer.append("}")
        }
    }

    /// What TensorFlow calls the type of a tensor that holds anything else: a sequence, a map.
    private static let variant = "DT_VARIANT"
}

extension ValueType {
    /// The tensor that a request gives or a response holds; nil for a sequence and a map.
    fileprivate var requestedTensor: TensorType? {
        if case .optional(let content) = self { content.tensor } else { tensor }
    }
}
