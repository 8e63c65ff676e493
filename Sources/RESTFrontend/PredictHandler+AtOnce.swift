import CPlatform
import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// The short way for most requests to small models.
extension PredictHandler {
    private typealias Choice = (target: any PredictionTargeting, runner: SignatureRunner)

    /// Answers what needs no second thought: plain instances for the only input of a default signature with one output, whose run
    /// is cheaper than the way to another thread. It is read, run and written in one go, in memory that is there already.
    ///
    /// - Parameter call: where the URL names the model; nil for `/predict`, where the body does.
    /// - Returns: false, with nothing done, for everything else and for whatever is wrong: `handle` has the words for it.
    func answerAtOnce(_ request: borrowing Request, _ call: PathCache.Call?, _ responder: Responder) -> Bool {
        let start = apus_monotonic_nanoseconds()
        var choice: Choice?
        let input = reader.readRows(request.body, addressing: call == nil ? .body : .url) { envelope in
            choice = choose(envelope, call)
            return choice?.runner.signature.inputs
        }
        guard let input, let choice else { return false }
        let isAnswered = withExtendedLifetime(input) {
            choice.runner.runAtOnce(input.view) { outputs in
                answer(outputs[0], from: choice.target, isEnveloped: call == nil, responder)
            }
        }
        if isAnswered { choice.runner.meter?.answeredREST(nanoseconds: apus_monotonic_nanoseconds() - start) }
        return isAnswered
    }

    /// What the request means when it can be answered at once.
    private func choose(_ envelope: PredictEnvelope, _ call: PathCache.Call?) -> Choice? {
        guard envelope.signatureName == nil else { return nil }
        do {
            let target = try backend.target(
                model: call?.path.model ?? envelope.model, selector: call?.path.selector ?? envelope.selector)
            guard let runner = target.defaultRunner, runner.runsAtOnce, runner.signature.inputs.count == 1,
                runner.signature.outputs.count == 1, dialect.supports(runner.signature.outputs[0].type.elementType)
            else { return nil }
            return (target, runner)
        } catch {
            return nil  // `handle` fails as well, and tells why.
        }
    }

    private func answer(
        _ output: TensorView, from target: any PredictionTargeting, isEnveloped: Bool, _ responder: Responder
    ) -> Bool {
        guard output.shape.rank > 0 else { return false }
        responder.sendJSON { fields in
            fields.appendField(Self.versionField, decimal: Int(target.version))
            if isCORSEnabled { CORS.headers.forEach { fields.appendField($0) } }
        } content: { buffer in
            Self.appendStart(isEnveloped ? target.id : nil, to: &buffer)
            buffer.append(Self.predictions)
            DenseWriter.append(output, to: &buffer)
            buffer.append(Self.end)
        }
        return true
    }

    // Named with their type, as a literal argument would be a String first.
    private static let versionField: StaticString = "Apus-Model-Version"
    private static let start: StaticString = "{"
    private static let predictions: StaticString = "\"predictions\":"
    private static let end: StaticString = "}\n"

    /// The start of an answer; `/predict` tells what has answered.
    static func appendStart(_ id: ServableID?, to buffer: inout ByteBuffer) {
        buffer.append(start)
        guard let id else { return }
        buffer.append("\"model\":")
        buffer.appendJSON(string: id.name)
        buffer.append(",\"version\":")
        buffer.append(decimal: Int(id.version))
        buffer.append(",")
    }
}
