import HTTPCore
import ModelServing
import OpenInference
import ServableCore

/// `POST /v2/models/NAME[/versions/VERSION]/infer`: reads the body once into a call and hands it to the signature, which alone decides
/// where it runs.
struct InferHandler: Sendable {
    private let service: OpenInferenceService
    private let limits: TensorJSONLimits
    private let timeout: Duration?
    private let nonfinite: NonfiniteForm
    private let requestLog: (any RequestLog)?
    private let held: HeldRequests

    init(_ service: OpenInferenceService, _ configuration: RESTConfiguration, _ held: HeldRequests) {
        self.service = service
        self.held = held
        limits = configuration.limits
        timeout = configuration.requestTimeout
        nonfinite = configuration.nonfinite
        requestLog = configuration.requestLog
    }

    /// What the header fields of a request say.
    private struct Fields: Sendable {
        var call: PredictFields
        /// Where the JSON ends in the body; nil when nothing says so.
        var jsonByteCount: Int?
    }

    func handle(_ request: borrowing Request, _ model: String, _ selector: VersionSelector, _ reply: consuming RESTReply) {
        reply.record.api = .predict
        reply.record.model = model
        let fields: Fields
        let target: PredictionTarget
        do throws(ServableError) {
            target = try service.backend.target(model: model, selector: selector)
        } catch {
            return hold(request, model, selector, error, reply)
        }
        do throws(ServableError) {
            fields = try read(request)
        } catch {
            return reply.fail(error)
        }
        unsafe run(request.body, fields, target, reply)
    }

    /// Keeps a copy of the request until its version is loaded; fails it when that cannot be waited for.
    private func hold(
        _ request: borrowing Request, _ model: String, _ selector: VersionSelector, _ error: ServableError, _ reply: RESTReply
    ) {
        guard error.code == .unavailable else { return reply.fail(error) }
        do throws(ServableError) {
            let fields = try read(request), bytes = unsafe Array(request.body)
            let address = HeldRequests.Address(model: model, selector: selector)
            held.hold(address, reply, after: error, timeout: fields.call.timeout, byteCount: bytes.count) { [self] target in
                unsafe bytes.withUnsafeBytes { unsafe run($0, fields, target, reply) }
            }
        } catch {
            reply.fail(error)
        }
    }

    private func read(_ request: borrowing Request) throws(ServableError) -> Fields {
        var fields = Fields(call: try PredictFields(request, timeout: timeout, nonfinite: nonfinite))
        guard let text = unsafe request.header(Self.lengthField) else { return fields }
        guard unsafe !text.isEmpty, unsafe text.allSatisfy({ $0 &- UInt8(ascii: "0") <= 9 }),
            let length = unsafe Int(String(decoding: text, as: UTF8.self))
        else {
            let found = unsafe String(decoding: text.prefix(64), as: UTF8.self)
            throw ServableError(
                .invalidArgument, "the header Inference-Header-Content-Length is \"\(found)\"; expected the number of bytes of the JSON")
        }
        fields.jsonByteCount = length
        return fields
    }

    private static let lengthField: StaticString = "inference-header-content-length"

    private func run(_ bytes: UnsafeRawBufferPointer, _ fields: Fields, _ target: PredictionTarget, _ reply: RESTReply) {
        var reply = reply
        do throws(ServableError) {
            let signature = try target.inferenceSignature()
            // The meter knows whose it is.
            if let meter = signature.meter { reply.observer = meter } else { reply.record.note(signature.id, signature: signature.name) }
            let request = try unsafe InferenceRequestReader(signature, limits).read(bytes, jsonByteCount: fields.jsonByteCount)
            let selection = try OutputSelection(request.outputs, of: signature, isBinary: request.parameters.isBinaryOutput)
            let filtered = try signature.filtered(outputs: selection.names)
            var capture: CallCapture?
            if let requestLog, requestLog.wantsNext() { capture = CallCapture(requestLog, request.inputs) }
            InferResponse(reply, filtered, selection, id: request.id, fields.call.nonfinite, capture)
                .run(request.inputs, fields.call.limited(by: request.parameters.timeout))
        } catch {
            reply.fail(error, version: target.id.version)
        }
    }
}

extension PredictFields {
    /// With a limit that the body has set.
    fileprivate func limited(by limit: Duration?) -> PredictFields {
        guard let limit, timeout.map({ limit < $0 }) ?? true else { return self }
        var fields = self
        fields.timeout = limit
        fields.isTimeoutOfClient = true
        return fields
    }
}
