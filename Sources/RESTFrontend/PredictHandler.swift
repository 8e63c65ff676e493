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
        let body: PredictBody, timeout: Duration?
        var target: CallableSignature?
        do throws(ServableError) {
            timeout = try RequestTimeout.value(of: request, atMost: self.timeout)
            body = try unsafe read(request.body, call?.path, &reply, &target)
        } catch {
            if let call { reply.record.model = call.path.model }
            return reply.fail(error)
        }
        guard let target else {
            // The reader has looked the target up, or it has thrown.
            return reply.fail(ServableError(.internal, "a request was read without its model"))
        }
        let response = PredictResponse(reply, target, format: body.format, dialect: dialect, isEnveloped: call == nil)
        target.run(
            PredictCall(inputs: body.inputs, start: response.start, timeout: timeout, request: response.request), reply: response)
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ path: ModelPath?, _ reply: inout RESTReply, _ target: inout CallableSignature?
    ) throws(ServableError) -> PredictBody {
        let addressing: PredictAddressing = path == nil ? .body : .url
        return try unsafe reader.read(bytes, addressing: addressing) { (envelope) throws(ServableError) in
            if path == nil, let model = envelope.model { reply.record.model = model }
            let version = try backend.target(
                model: path?.model ?? envelope.model, selector: path?.selector ?? envelope.selector)
            let found = try version.signature(envelope.signatureName)
            // The meter knows whose it is.
            if let meter = found.meter { reply.observer = meter } else { reply.record.note(version.id, signature: found.name) }
            target = found
            return found.inputs
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
