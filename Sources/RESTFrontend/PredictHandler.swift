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
    private let held: HeldRequests
    private let checksMethodName: Bool

    init(_ backend: any PredictionBackend, _ configuration: RESTConfiguration, _ held: HeldRequests) {
        self.backend = backend
        self.held = held
        reader = PredictBodyReader(dialect: configuration.dialect, limits: configuration.limits)
        dialect = configuration.dialect
        timeout = configuration.requestTimeout
        checksMethodName = configuration.checksMethodNames
    }

    /// - Parameter call: where the URL names the model; nil for `/predict`, where the body does.
    func handle(_ request: borrowing Request, _ call: PathCache.Call?, _ reply: consuming RESTReply) {
        reply.record.api = .predict
        let timeout: Duration?
        do throws(ServableError) {
            timeout = try RequestTimeout.value(of: request, atMost: self.timeout)
        } catch {
            if let call { reply.record.model = call.path.model }
            return reply.fail(error)
        }
        unsafe handle(request.body, call, timeout: timeout, .search, reply)
    }

    /// Where the version comes from.
    private enum Finding {
        case search
        /// The request has waited for it.
        case found(PredictionTarget)
    }

    private func handle(
        _ body: UnsafeRawBufferPointer, _ call: PathCache.Call?, timeout: Duration?, _ finding: consuming Finding,
        _ reply: consuming RESTReply
    ) {
        let format: TensorFormat, inputs: CallInputs
        var target: CallableSignature?, missed: HeldRequests.Address?
        do throws(ServableError) {
            (format, inputs) = try unsafe read(body, call, finding, &reply, &target, &missed)
        } catch {
            if let call { reply.record.model = call.path.model }
            if let missed, error.code == .unavailable, unsafe hold(body, missed, call, timeout: timeout, reply) { return }
            return reply.fail(error, version: target?.id.version)
        }
        guard let target = target.take() else {
            // The reader has looked the target up, or it has thrown.
            return reply.fail(ServableError(.internal, "a request was read without its model"))
        }
        PredictResponse(consume reply, target, format: format, dialect: dialect, isEnveloped: call == nil)
            .run(inputs, timeout: timeout)
    }

    /// Keeps a copy of the request until its version is loaded; false when that cannot be waited for.
    private func hold(
        _ body: UnsafeRawBufferPointer, _ address: HeldRequests.Address, _ call: PathCache.Call?, timeout: Duration?,
        _ reply: RESTReply
    ) -> Bool {
        let bytes = unsafe Array(body)
        return held.hold(address, start: reply.record.start, timeout: timeout, byteCount: bytes.count) { [self] result in
            switch result {
            case .success(let target):
                unsafe bytes.withUnsafeBytes { unsafe handle($0, call, timeout: timeout, .found(target), reply) }
            case .failure(let error): reply.fail(error)
            }
        }
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ call: PathCache.Call?, _ finding: consuming Finding, _ reply: inout RESTReply,
        _ target: inout CallableSignature?, _ missed: inout HeldRequests.Address?
    ) throws(ServableError) -> PredictBody {
        try unsafe reader.read(bytes, addressing: call == nil ? .body : .url) { (envelope) throws(ServableError) in
            let model = call?.path.model ?? envelope.model, selector = call?.path.selector ?? envelope.selector
            if call == nil, let model { reply.record.model = model }
            let version: PredictionTarget
            switch finding {
            case .found(let found): version = found
            case .search:
                do throws(ServableError) {
                    version = try backend.target(model: model, selector: selector)
                } catch {
                    missed = HeldRequests.Address(model: model, selector: selector)
                    throw error
                }
            }
            let found = try version.signature(envelope.signatureName)
            // The meter knows whose it is.
            if let meter = found.meter { reply.observer = meter } else { reply.record.note(found.id, signature: found.name) }
            if checksMethodName { try Self.checkMethodName(of: found) }
            let inputs = found.accepted
            target = consume found
            return inputs
        }
    }
}

extension PredictHandler {
    /// Every kind of signature may be called by its tensors.
    private static func checkMethodName(of signature: CallableSignature) throws(ServableError) {
        let known = [Signature.predictMethod, "tensorflow/serving/classify", "tensorflow/serving/regress"]
        guard known.contains(signature.methodName) else {
            throw ServableError(
                .invalidArgument,
                "Expected prediction signature method_name to be one of {\(known.joined(separator: ", "))}. Was: \(signature.methodName)")
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
