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
            let isHeld =
                error.code == .unavailable
                && held.hold(address, start: reply.record.start, timeout: timeout, byteCount: 0) { result in
                    switch result {
                    case .success(let target): send(target, reply)
                    case .failure(let error): reply.fail(error)
                    }
                }
            if !isHeld { throw error }
        }
    }

    private func send(_ target: PredictionTarget, _ reply: RESTReply) {
        let (id, signatures) = (target.id, target.signatures)
        reply.sendJSON { fields in
            fields.appendField(RESTReply.versionField, decimal: Int(id.version))
        } content: { buffer in
            buffer.append("{\"model_spec\":{\"name\":")
            buffer.appendJSON(string: id.name)
            buffer.append(",\"signature_name\":\"\",\"version\":\"")
            buffer.append(decimal: Int(id.version))
            buffer.append("\"},\"metadata\":{\"signature_def\":{\"signature_def\":")
            let members = signatures.sorted { $0.name < $1.name }.map { (key: $0.name, value: $0) }
            buffer.appendJSON(object: members) { signature, buffer in append(signature, to: &buffer) }
            buffer.append("}}}\n")
        }
    }

    private func append(_ signature: Signature, to buffer: inout ByteBuffer) {
        buffer.append("{\"inputs\":")
        append(signature.inputs, to: &buffer)
        buffer.append(",\"outputs\":")
        append(signature.outputs, to: &buffer)
        buffer.append(",\"method_name\":")
        buffer.appendJSON(string: signature.methodName)
        buffer.append(",\"defaults\":{}}")
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
