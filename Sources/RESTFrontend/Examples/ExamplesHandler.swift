import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// `POST /v1/models/M[…]:classify` and `:regress`: turns JSON examples into `tf.Example` messages, which the signature parses.
struct ExamplesHandler: Sendable {
    private let backend: any PredictionBackend
    private let limits: TensorJSONLimits
    private let timeout: Duration?
    private let held: HeldRequests
    private let nonfinite: NonfiniteForm
    private let checksMethodName: Bool

    init(_ backend: any PredictionBackend, _ configuration: RESTConfiguration, _ held: HeldRequests) {
        self.backend = backend
        self.held = held
        limits = configuration.limits
        timeout = configuration.requestTimeout
        nonfinite = configuration.nonfinite
        checksMethodName = configuration.checksMethodNames
    }

    func handle(_ request: borrowing Request, _ path: ModelPath, _ method: ExampleMethod, _ reply: consuming RESTReply) {
        reply.record.api = method == .classify ? .classify : .regress
        let fields: PredictFields, body: ExampleRequest
        do throws(ServableError) {
            fields = try PredictFields(request, timeout: timeout, nonfinite: nonfinite)
            body = try unsafe ExampleRequest(request.body, limits: limits)
        } catch {
            return reply.fail(error)
        }
        let target: PredictionTarget
        do throws(ServableError) {
            target = try backend.target(model: path.model, selector: path.selector)
        } catch {
            let address = HeldRequests.Address(model: path.model, selector: path.selector)
            let byteCount = unsafe request.body.count, reply = reply
            return held.hold(address, reply, after: error, timeout: fields.timeout, byteCount: byteCount) { [self] target in
                run(body, target, method, fields, reply)
            }
        }
        run(body, target, method, fields, reply)
    }

    private func run(
        _ body: ExampleRequest, _ version: PredictionTarget, _ method: ExampleMethod, _ fields: PredictFields, _ reply: RESTReply
    ) {
        var reply = reply
        do throws(ServableError) {
            let target = try version.exampleSignature(body.signatureName)
            if let meter = target.meter { reply.observer = meter } else { reply.record.note(target.id, signature: target.name) }
            if checksMethodName { try method.checkName(of: target) }
            let results = try method.results(of: target)
            let examples = StringTensor(shape: Shape([body.examples.count]), elements: body.examples)
            let call = PredictCall(
                inputs: CallInputs(.strings(examples)), start: reply.record.start, timeout: fields.timeout,
                isTimeoutOfClient: fields.isTimeoutOfClient, priority: fields.priority, request: reply.request)
            reply.record.exampleCount = body.examples.count
            reply.note(target.id, rowCount: body.examples.count)
            let response = ExamplesResponse(
                reply, results, count: body.examples.count, version: target.id.version, nonfinite: fields.nonfinite,
                writeMeter: target.writeMeter)
            target.run(call, reply: response)
        } catch {
            reply.fail(error, version: version.id.version)
        }
    }
}
