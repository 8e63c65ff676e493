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
    private let nonfinite: NonfiniteForm
    private let binaryLimits: BinaryLimits
    private let requestLog: (any RequestLog)?
    private let held: HeldRequests
    /// Where bodies are read that take long; nil reads them where they come.
    private let executor: (any RequestExecutor)?
    private let checksMethodName: Bool

    init(
        _ backend: any PredictionBackend, _ configuration: RESTConfiguration, _ held: HeldRequests, _ executor: (any RequestExecutor)?
    ) {
        self.backend = backend
        self.held = held
        reader = PredictBodyReader(dialect: configuration.dialect, limits: configuration.limits)
        dialect = configuration.dialect
        timeout = configuration.requestTimeout
        nonfinite = configuration.nonfinite
        binaryLimits = BinaryLimits(
            inflatedByteCount: configuration.inflatedByteLimit, pixelCount: configuration.limits.maximumElementCount / 4)
        requestLog = configuration.requestLog
        self.executor = executor
        checksMethodName = configuration.checksMethodNames
    }

    /// - Parameters:
    ///   - call: where the URL names the model; nil for `/predict`, where the body does.
    ///   - isDetached: whether the calling thread is a lane, where reading may take long.
    func handle(_ request: borrowing Request, _ call: PathCache.Call?, isDetached: Bool, _ reply: consuming RESTReply) {
        reply.record.api = .predict
        let fields: PredictFields
        do throws(ServableError) {
            fields = try PredictFields(request, timeout: timeout, nonfinite: nonfinite)
        } catch {
            if let call { reply.record.model = call.path.model }
            return reply.fail(error)
        }
        if fields.content == .json { return unsafe handle(request.body, fields, call, .search, reply) }
        unsafe handleBinary(request.body, fields, call, isDetached: isDetached, .search, reply)
    }

    /// Where the version comes from.
    private enum Finding {
        case search
        /// The request has waited for it.
        case found(PredictionTarget)
    }

    private func handle(
        _ bytes: UnsafeRawBufferPointer, _ fields: PredictFields, _ call: PathCache.Call?, _ finding: consuming Finding,
        _ reply: consuming RESTReply
    ) {
        let body: PredictBody
        var target: CallableSignature?, missed: HeldRequests.Address?
        do throws(ServableError) {
            body = try unsafe read(bytes, fields, call, finding, &reply, &target, &missed)
        } catch {
            if let call { reply.record.model = call.path.model }
            if let missed { return unsafe hold(bytes, missed, error, fields, call, reply) }
            return reply.fail(error, version: target?.id.version)
        }
        guard let target = target.take() else {
            // The reader has looked the target up, or it has thrown.
            return reply.fail(ServableError(.internal, "a request was read without its model"))
        }
        run(body, fields, target, consume reply, isEnveloped: call == nil)
    }

    /// Keeps a copy of the request until its version is loaded; fails it when that cannot be waited for.
    private func hold(
        _ body: UnsafeRawBufferPointer, _ address: HeldRequests.Address, _ error: ServableError, _ fields: PredictFields,
        _ call: PathCache.Call?, _ reply: RESTReply
    ) {
        let bytes = unsafe Array(body)
        held.hold(address, reply, after: error, timeout: fields.timeout, byteCount: bytes.count) { [self] target in
            unsafe bytes.withUnsafeBytes { bytes in
                if fields.content == .json { return unsafe handle(bytes, fields, call, .found(target), reply) }
                unsafe handleBinary(bytes, fields, call, isDetached: true, .found(target), reply)
            }
        }
    }

    private func read(
        _ bytes: UnsafeRawBufferPointer, _ fields: PredictFields, _ call: PathCache.Call?, _ finding: consuming Finding,
        _ reply: inout RESTReply, _ target: inout CallableSignature?, _ missed: inout HeldRequests.Address?
    ) throws(ServableError) -> PredictBody {
        try unsafe reader.read(bytes, addressing: call == nil ? .body : .url) { (envelope) throws(ServableError) in
            let found = try find(envelope, fields, call, finding, &reply, &missed)
            let inputs = found.accepted
            target = consume found
            return inputs
        }
    }

    /// The signature that a request means, with the outputs that it wants, noted in the reply's record.
    ///
    /// - Parameter missed: filled with what was not found and may be waited for.
    private func find(
        _ envelope: PredictEnvelope, _ fields: PredictFields, _ call: PathCache.Call?, _ finding: borrowing Finding,
        _ reply: inout RESTReply, _ missed: inout HeldRequests.Address?
    ) throws(ServableError) -> CallableSignature {
        let model = call?.path.model ?? envelope.model, selector = call?.path.selector ?? envelope.selector
        if call == nil, let model { reply.record.model = model }
        let version: PredictionTarget
        switch finding {
        case .found(let found): version = found
        case .search:
            do throws(ServableError) {
                version = try backend.target(model: model, selector: selector)
            } catch {
                if error.code == .unavailable { missed = HeldRequests.Address(model: model, selector: selector) }
                throw error
            }
        }
        var found = try version.signature(envelope.signatureName ?? fields.signatureName)
        let outputs = envelope.outputs.isEmpty ? fields.outputs : envelope.outputs
        if !outputs.isEmpty { found = try found.filtered(outputs: outputs) }
        // The meter knows whose it is.
        if let meter = found.meter { reply.observer = meter } else { reply.record.note(found.id, signature: found.name) }
        if checksMethodName { try Self.checkMethodName(of: found) }
        return found
    }

    private func run(
        _ body: PredictBody, _ fields: PredictFields, _ target: consuming CallableSignature, _ reply: consuming RESTReply,
        isEnveloped: Bool
    ) {
        let form = ResponseForm(
            content: fields.response ?? fields.content.response, isChosen: fields.response != nil, format: body.format,
            dialect: dialect, nonfinite: fields.nonfinite, isEnveloped: isEnveloped)
        var capture: CallCapture?
        if let requestLog, requestLog.wantsNext() { capture = CallCapture(requestLog, body.inputs) }
        PredictResponse(consume reply, target, form, capture).run(body.inputs, fields)
    }

    // MARK: Bodies that are no JSON

    /// They name neither model nor signature: the URL and header fields do.
    private func handleBinary(
        _ bytes: UnsafeRawBufferPointer, _ fields: PredictFields, _ call: PathCache.Call?, isDetached: Bool,
        _ finding: consuming Finding, _ reply: consuming RESTReply
    ) {
        var missed: HeldRequests.Address?
        let target: CallableSignature
        do throws(ServableError) {
            target = try find(PredictEnvelope(), fields, call, finding, &reply, &missed)
        } catch {
            if let call { reply.record.model = call.path.model }
            if let missed { return unsafe hold(bytes, missed, error, fields, call, reply) }
            return reply.fail(error)
        }
        let found = reply
        guard let executor, !isDetached, unsafe BinaryBody(bytes, fields, binaryLimits).isHeavy(for: target.accepted) else {
            return unsafe runBinary(bytes, fields, target, found, isEnveloped: call == nil)
        }
        let copy = unsafe Array(bytes)
        executor.perform(fields.priority, until: fields.timeout.map { .now + $0 }) {
            unsafe copy.withUnsafeBytes { unsafe runBinary($0, fields, target, found, isEnveloped: call == nil) }
        } expired: {
            found.fail(ServableError(.deadlineExceeded, "the request's time was over before its body could be read"))
        }
    }

    private func runBinary(
        _ bytes: UnsafeRawBufferPointer, _ fields: PredictFields, _ target: CallableSignature, _ reply: RESTReply, isEnveloped: Bool
    ) {
        do throws(ServableError) {
            let body = try unsafe BinaryBody(bytes, fields, binaryLimits).inputs(for: target.accepted)
            run(body, fields, target, reply, isEnveloped: isEnveloped)
        } catch {
            reply.fail(error, version: target.id.version)
        }
    }
}

extension PredictHandler {
    /// Every kind of signature may be called by its tensors.
    private static func checkMethodName(of signature: CallableSignature) throws(ServableError) {
        let known = [Signature.predictMethod, Signature.classifyMethod, Signature.regressMethod]
        guard known.contains(signature.methodName) else {
            throw ServableError(
                .invalidArgument,
                "Expected prediction signature method_name to be one of {\(known.joined(separator: ", "))}. Was: \(signature.methodName)")
        }
    }
}

extension RequestContent {
    /// What answers it when the client prefers nothing.
    fileprivate var response: ResponseContent {
        switch self {
        case .json, .picture: .json
        case .npy: .npy
        case .npz: .npz
        case .raw: .raw
        }
    }
}
