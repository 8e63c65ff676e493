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

    /// - Parameter path: where the URL names the model; nil for `/predict`, where the body does.
    func handle(_ request: borrowing Request, _ path: ModelPath?, _ reply: RESTReply) {
        var reply = reply
        reply.record.api = .predict
        if let path { reply.record.model = path.model }
        do throws(ServableError) {
            let timeout = try RequestTimeout.value(of: request, atMost: timeout)
            var target: CallableSignature?
            let body = try unsafe read(request.body, path, &reply, &target)
            // The reader has looked the target up, or it has thrown.
            guard let target else { throw ServableError(.internal, "a request was read without its model") }
            let call = PredictCall(inputs: body.inputs, start: reply.record.start, timeout: timeout, request: reply.request)
            let response = PredictResponse(
                reply, id: target.id, outputs: target.signature.outputs, format: body.format, dialect: dialect, isEnveloped: path == nil)
            target.run(call, reply: response)
        } catch {
            reply.fail(error)
        }
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ path: ModelPath?, _ reply: inout RESTReply, _ target: inout CallableSignature?
    ) throws(ServableError) -> PredictBody {
        let addressing: PredictAddressing = path == nil ? .body : .url
        return try unsafe reader.read(bytes, addressing: addressing) { (envelope) throws(ServableError) in
            if path == nil, let model = envelope.model { reply.record.model = model }
            let version = try backend.target(
                model: path?.model ?? envelope.model, selector: path?.selector ?? envelope.selector)
            reply.record.model = version.id.name
            reply.record.version = version.id.version
            let found = try version.signature(envelope.signatureName)
            reply.record.signature = found.signature.name
            if let meter = found.meter { reply.observer = meter }
            target = found
            return found.signature.inputs
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
