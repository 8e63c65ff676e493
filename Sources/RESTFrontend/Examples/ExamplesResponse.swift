import HTTPCore
import ModelServing
import ServableCore

/// Writes the results of examples: `{"results": […]}`.
final class ExamplesResponse: PredictReply {
    private let reply: RESTReply
    private let results: ExampleResults
    private let count: Int
    private let version: Int64
    private let nonfinite: NonfiniteForm
    private let writeMeter: WriteMeter?

    /// - Parameter count: of the examples.
    init(
        _ reply: RESTReply, _ results: ExampleResults, count: Int, version: Int64, nonfinite: NonfiniteForm, writeMeter: WriteMeter?
    ) {
        self.reply = reply
        self.writeMeter = writeMeter
        self.results = results
        self.count = count
        self.version = version
        self.nonfinite = nonfinite
    }

    func fail(_ error: ServableError) { reply.fail(error, version: version) }

    func succeed(_ outputs: CallOutputs) {
        do throws(ServableError) {
            switch try results.read(outputs, count: count) {
            case .classes(let classes):
                try ResultsJSON.check(classes)
                send(outputs.times) { buffer in ResultsJSON.append(classes, nonfinite, to: &buffer) }
            case .values(let values):
                try ResultsJSON.check(regressions: values)
                send(outputs.times) { buffer in ResultsJSON.append(regressions: values, nonfinite, to: &buffer) }
            }
        } catch {
            fail(error)
        }
    }

    private func send(_ times: CallTimes?, _ content: (inout ByteBuffer) -> Void) {
        reply.sendJSON(times: times, writeMeter: writeMeter) { fields in
            fields.appendField(RESTReply.versionField, decimal: Int(version))
        } content: { buffer in
            content(&buffer)
        }
    }
}
