import GraphIR
import HTTPCore
import ModelServing
import ServableCore
import Tensors

/// `POST /v1/models/M[…]:predict` and `POST /predict`: reads the body once into a call and hands it to the signature, which
/// alone decides where it runs.
struct PredictHandler: Sendable {
    private let backend: any PredictionBackend
    private let reader: PredictBodyReader
    private let dialect: TensorJSONDialect
    private let timeout: Duration?

    init(_ backend: any PredictionBackend, _ configuration: RESTConfiguration) {
        self.backend = backend
        reader = PredictBodyReader(dialect: configuration.dialect, limits: configuration.limits)
        dialect = configuration.dialect
        timeout = configuration.requestTimeout
    }

    /// - Parameter call: where the URL names the model; nil for `/predict`, where the body does.
    func handle(_ request: borrowing Request, _ call: PathCache.Call?, _ reply: consuming RESTReply) {
        reply.record.api = .predict
        let format: TensorFormat, inputs: CallInputs, timeout: Duration?
        var target: CallableSignature?
        do throws(ServableError) {
            timeout = try RequestTimeout.value(of: request, atMost: self.timeout)
            (format, inputs) = try unsafe read(request.body, call, &reply, &target)
        } catch {
            if let call { reply.record.model = call.path.model }
            return reply.fail(error)
        }
        guard let target = target.take() else {
            // The reader has looked the target up, or it has thrown.
            return reply.fail(ServableError(.internal, "a request was read without its model"))
        }
        PredictResponse(consume reply, target, format: format, dialect: dialect, isEnveloped: call == nil)
            .run(inputs, timeout: timeout)
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ call: PathCache.Call?, _ reply: inout RESTReply, _ target: inout CallableSignature?
    ) throws(ServableError) -> PredictBody {
        try unsafe reader.read(bytes, addressing: call == nil ? .body : .url) { (envelope) throws(ServableError) in
            let found: CallableSignature
            if let call {
                found = try backend.target(model: call.path.model, selector: call.path.selector).signature(envelope.signatureName)
            } else {
                if let model = envelope.model { reply.record.model = model }
                found = try backend.target(model: envelope.model, selector: envelope.selector).signature(envelope.signatureName)
            }
            // The meter knows whose it is.
            if let meter = found.meter { reply.observer = meter } else { reply.record.note(found.id, signature: found.name) }
            let inputs = found.accepted
            target = consume found
            return inputs
        }
    }
}

/// How long a request may take: the server's limit, or less when the client says so.
enum RequestTimeout {
    static let header: StaticString = "x-request-timeout-ms"

    static func value(of request: borrowing Request, atMost limit: Duration?) throws(ServableError) -> Duration? {
        guard unsafe request.header(header) != nil else { return limit }
        let text = request.headerText(header) ?? ""
        guard let milliseconds = Int64(text), milliseconds > 0 else {
            throw ServableError(
                .invalidArgument, "the header X-Request-Timeout-Ms is \"\(text)\"; expected a whole number of milliseconds above 0")
        }
        // A number that no duration holds is longer than any limit.
        let wanted = Duration.milliseconds(min(milliseconds, 1 << 40))
        return limit.map { min($0, wanted) } ?? wanted
    }
}
