import GraphIR
import ModelServing
import ProtobufWire
import ServableCore
import ServingMessages

/// `PredictResponse`: outputs 1, model_spec 2. Its tensors are copied once, from where the run has left them.
struct PredictResponseMessage {
    let bytes: MessageBytes

    /// - Throws: for outputs that no `TensorProto` holds, and a response over the limit.
    init(
        _ signature: borrowing CallableSignature, _ outputs: borrowing CallOutputs, _ configuration: GRPCConfiguration
    ) throws(ServableError) {
        var message = WireAssembly()
        let parameters = signature.outputs, form: TensorMessageWriter.Form = configuration.writesTensorContent ? .content : .typed
        for index in 0..<min(parameters.count, outputs.count) {
            let name = parameters[index].name
            do throws(TensorMessageError) {
                // The outputs are lent until this has been written.
                try unsafe TensorMessageWriter(outputs[index], form, name: name).append(to: &message, field: 1, key: name)
            } catch {
                throw ServableError(.unimplemented, "output \(error.reason); name other outputs in output_filter")
            }
        }
        var spec = WireWriter()
        spec.message(
            2, TensorFlow.ModelSpec(name: signature.id.name, version: signature.id.version, signatureName: signature.name).message)
        message.append(spec)
        bytes = try MessageBytes(message, limit: configuration.maxResponseBytes)
    }
}

extension MessageBytes {
    /// - Throws: `resourceExhausted` for a message over the limit.
    init(_ message: WireAssembly, limit: Int) throws(ServableError) {
        guard message.byteCount <= limit else {
            throw ServableError(
                .resourceExhausted,
                "the response has \(message.byteCount) bytes, the limit is \(limit); ask for fewer rows or outputs, or raise server.limits.max_response_bytes"
            )
        }
        unsafe self.init(count: message.byteCount) { unsafe message.write(to: $0) }
    }
}
