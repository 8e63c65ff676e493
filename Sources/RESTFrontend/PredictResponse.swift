import GraphIR
import HTTPCore
import ModelServing
import ServableCore

/// How the result of a prediction is written.
struct ResponseForm: Sendable {
    let content: ResponseContent
    /// Whether the client has asked for that content; otherwise it follows from the request's.
    let isChosen: Bool
    /// The rest is of JSON.
    let format: TensorFormat
    let dialect: TensorJSONDialect
    let nonfinite: NonfiniteForm
    /// Whether the response names the model and version, as that of `/predict` does.
    let isEnveloped: Bool
}

/// Asks for one prediction and writes its result as the response, on the thread that has run it.
final class PredictResponse: PredictReply {
    private let reply: RESTReply
    private let target: CallableSignature
    private let form: ResponseForm
    /// Nil for a request that is not recorded.
    private let capture: CallCapture?

    init(_ reply: consuming RESTReply, _ target: consuming CallableSignature, _ form: ResponseForm, _ capture: CallCapture?) {
        self.reply = reply
        self.target = target
        self.form = form
        self.capture = capture
    }

    func run(_ inputs: consuming CallInputs, _ fields: PredictFields) {
        reply.note(target.id, rowCount: inputs.rowCount)
        let call = PredictCall(
            inputs: inputs, start: reply.record.start, timeout: fields.timeout, isTimeoutOfClient: fields.isTimeoutOfClient,
            priority: fields.priority, request: reply.request)
        target.run(call, reply: self)
    }

    func succeed(_ results: CallOutputs) {
        do throws(ServableError) {
            if form.content == .json { try sendJSON(results) } else { try sendBinary(results) }
            capture?.record(target, results)
        } catch {
            fail(error)
        }
    }

    func fail(_ error: ServableError) { reply.fail(error, version: target.id.version) }

    private func sendJSON(_ results: CallOutputs) throws(ServableError) {
        let payload = try TensorPayload(target.outputs, results, format: form.format, dialect: form.dialect, nonfinite: form.nonfinite)
        reply.sendJSON(times: results.times, writeMeter: target.writeMeter) { fields in
            fields.appendField(RESTReply.versionField, decimal: Int(target.id.version))
        } content: { buffer in
            buffer.append(Self.start)
            if form.isEnveloped { appendEnvelope(to: &buffer) }
            payload.append(to: &buffer)
            buffer.append(Self.end)
        }
    }

    private func sendBinary(_ results: CallOutputs) throws(ServableError) {
        let payload = try BinaryPayload(target.outputs, results, form.content, isChosen: form.isChosen)
        reply.sendJSON(contentType: payload.contentType, times: results.times, writeMeter: target.writeMeter) { fields in
            fields.appendField(RESTReply.versionField, decimal: Int(target.id.version))
            payload.appendFields(to: &fields)
        } content: { buffer in
            payload.append(to: &buffer)
        }
    }

    private func appendEnvelope(to buffer: inout ByteBuffer) {
        buffer.append("\"model\":")
        buffer.appendJSON(string: target.id.name)
        buffer.append(",\"version\":")
        buffer.append(decimal: Int(target.id.version))
        buffer.append(",")
    }

    // Named with their type, as a literal argument would be a String first.
    private static let start: StaticString = "{"
    private static let end: StaticString = "}\n"
}
