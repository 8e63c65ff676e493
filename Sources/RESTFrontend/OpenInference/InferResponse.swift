import HTTPCore
import ModelServing
import OpenInference
import ServableCore
import Tensors

/// Asks for one inference and writes its result as the response, on the thread that has run it.
final class InferResponse: PredictReply {
    private let reply: RESTReply
    private let target: CallableSignature
    private let selection: OutputSelection
    private let id: String?
    private let nonfinite: NonfiniteForm
    /// Nil for a request that is not recorded.
    private let capture: CallCapture?

    init(
        _ reply: RESTReply, _ target: CallableSignature, _ selection: OutputSelection, id: String?, _ nonfinite: NonfiniteForm,
        _ capture: CallCapture?
    ) {
        self.reply = reply
        self.target = target
        self.selection = selection
        self.id = id
        self.nonfinite = nonfinite
        self.capture = capture
    }

    func run(_ inputs: consuming CallInputs, _ fields: PredictFields) {
        // TensorFlow Serving has a status of its own for time that the server has set and that is over in a queue; here it is a deadline.
        let call = PredictCall(
            inputs: inputs, start: reply.record.start, timeout: fields.timeout, isTimeoutOfClient: true,
            priority: fields.priority, request: reply.request)
        target.run(call, reply: self)
    }

    func succeed(_ results: CallOutputs) {
        do throws(ServableError) {
            let outputs = try selection.outputs(target, results)
            for output in outputs where !output.isBinary { try Self.checkText(output) }
            if outputs.contains(where: { $0.isBinary && $0.byteCount > 0 }) {
                sendBinary(outputs, results.times)
            } else {
                sendJSON(outputs, results.times)
            }
            capture?.record(target, results)
        } catch {
            fail(error)
        }
    }

    func fail(_ error: ServableError) { reply.fail(error, version: target.id.version) }

    /// JSON has no form for strings that are no UTF-8.
    private static func checkText(_ output: InferenceOutput) throws(ServableError) {
        guard case .strings(let tensor) = output.contents else { return }
        guard tensor.elements.allSatisfy({ String(validating: $0, as: UTF8.self) != nil }) else {
            throw ServableError(
                .invalidArgument,
                "output \"\(output.name)\" holds bytes that are no UTF-8, which JSON has no form for; ask for it with the parameter \"binary_data\": true"
            )
        }
    }

    private func sendJSON(_ outputs: [InferenceOutput], _ times: CallTimes?) {
        reply.sendJSON(compression: .whenAsked, times: times, writeMeter: target.writeMeter) { fields in
            appendVersion(to: &fields)
        } content: { buffer in
            append(outputs, to: &buffer)
        }
    }

    /// The JSON, whose length stands in a header field before it, and behind it the outputs in binary form, where they lie.
    private func sendBinary(_ outputs: [InferenceOutput], _ times: CallTimes?) {
        var json = ByteBuffer()
        append(outputs, to: &json)
        let jsonByteCount = json.count
        reply.sendJSON(
            contentType: "application/octet-stream", compression: .whenAsked, times: times, writeMeter: target.writeMeter
        ) { fields in
            appendVersion(to: &fields)
            fields.appendField(Self.lengthField, decimal: jsonByteCount)
        } content: { buffer in
            unsafe buffer.append(json.bytes)
            for output in outputs where output.isBinary { unsafe output.withRawPieces { unsafe buffer.append($0) } }
        }
    }

    private static let lengthField: StaticString = "Inference-Header-Content-Length"

    private func appendVersion(to fields: inout ByteBuffer) {
        fields.appendField(RESTReply.versionField, decimal: Int(target.id.version))
    }

    private func append(_ outputs: [InferenceOutput], to buffer: inout ByteBuffer) {
        buffer.append("{\"model_name\":")
        buffer.appendJSON(string: target.id.name)
        buffer.append(",\"model_version\":\"")
        buffer.append(decimal: Int(target.id.version))
        buffer.append("\"")
        if let id {
            buffer.append(",\"id\":")
            buffer.appendJSON(string: id)
        }
        buffer.append(",\"outputs\":")
        buffer.appendJSON(list: outputs) { output, buffer in append(output, to: &buffer) }
        buffer.append("}")
    }

    private func append(_ output: InferenceOutput, to buffer: inout ByteBuffer) {
        buffer.append("{\"name\":")
        buffer.appendJSON(string: output.name)
        buffer.append(",\"datatype\":\"")
        buffer.append(output.datatype.name)
        buffer.append("\",\"shape\":")
        buffer.appendJSON(list: output.shape.extents) { extent, buffer in buffer.append(decimal: extent) }
        if output.isBinary {
            buffer.append(",\"parameters\":{\"binary_data_size\":")
            buffer.append(decimal: output.byteCount)
            return buffer.append("}}")
        }
        buffer.append(",\"data\":")
        switch output.contents {
        case .dense(let view):
            let flat = unsafe TensorView(TensorSpec(view.elementType, [view.elementCount]), view.baseAddress)
            DenseWriter.append(flat, row: nil, nonfinite, to: &buffer)
        case .strings(let tensor):
            TextWriter.append(tensor.reshaped([tensor.elements.count]), row: nil, asBase64: false, to: &buffer)
        }
        buffer.append("}")
    }
}
