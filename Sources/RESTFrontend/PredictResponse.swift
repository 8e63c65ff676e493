import GraphIR
import HTTPCore
import ModelServing
import ServableCore

/// Asks for one prediction and writes its result as the response, on the thread that has run it.
final class PredictResponse: PredictReply {
    private let reply: RESTReply
    private let target: CallableSignature
    private let format: TensorFormat
    private let dialect: TensorJSONDialect
    /// Whether the response names the model and version, as that of `/predict` does.
    private let isEnveloped: Bool

    init(
        _ reply: consuming RESTReply, _ target: consuming CallableSignature, format: TensorFormat,
        dialect: TensorJSONDialect, isEnveloped: Bool
    ) {
        self.reply = reply
        self.target = target
        self.format = format
        self.dialect = dialect
        self.isEnveloped = isEnveloped
    }

    func run(_ inputs: consuming CallInputs, timeout: Duration?) {
        let call = PredictCall(inputs: inputs, start: reply.record.start, timeout: timeout, request: reply.request)
        target.run(call, reply: self)
    }

    func succeed(_ results: CallOutputs) {
        do throws(ServableError) {
            let payload = try TensorPayload(target.outputs, results, format: format, dialect: dialect)
            reply.sendJSON(times: results.times, writeMeter: target.writeMeter) { fields in
                fields.appendField(RESTReply.versionField, decimal: Int(target.id.version))
            } content: { buffer in
                buffer.append(Self.start)
                if isEnveloped { appendEnvelope(to: &buffer) }
                payload.append(to: &buffer)
                buffer.append(Self.end)
            }
        } catch {
            fail(error)
        }
    }

    func fail(_ error: ServableError) { reply.fail(error, version: target.id.version) }

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
