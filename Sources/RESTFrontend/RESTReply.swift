import CPlatform
import HTTPCore
import ModelServing
import ServableCore

/// The response to one request and the record of it: each is made once, on whatever thread has the result.
struct RESTReply: Sendable {
    private let responder: Responder
    private let isCORSEnabled: Bool
    /// Nil for a client that may see everything.
    private let visibility: Visibility?
    /// Receives the finished record; nil for routes that are none of a model's.
    var observer: (any CallObserver)?
    var record: CallRecord
    /// How errors become statuses, and what pages of other origins may do.
    var dialect = ErrorMapping.Dialect.tensorFlowServing

    /// - Parameters: when the first byte of the request was there, and when all of it was, in nanoseconds of the monotonic clock.
    init(
        _ responder: Responder, isCORSEnabled: Bool, visibility: Visibility? = nil, observer: (any CallObserver)?, arrival: Int64,
        start: Int64
    ) {
        self.visibility = visibility
        self.responder = responder
        self.isCORSEnabled = isCORSEnabled
        self.observer = observer
        record = CallRecord(entrypoint: .rest, arrival: arrival, start: start)
    }

    /// The field that says which version has made a response.
    static let versionField: StaticString = "Apus-Model-Version"

    /// Says what the request is for where an access log asks for it.
    func note(_ id: ServableID, rowCount: Int) {
        guard responder.isLogged else { return }
        responder.subject = AccessSubject(model: id.name, version: id.version, rowCount: rowCount)
    }

    private func noteModel() {
        guard responder.isLogged, responder.subject == nil, !record.model.isEmpty else { return }
        responder.subject = AccessSubject(model: record.model, version: record.version)
    }

    /// Whose result the response is.
    var request: any AbandonableRequest { responder }

    /// Sends content that is built now, on the calling thread; JSON unless another type is given.
    ///
    /// - Parameters:
    ///   - compression: when the content is compressed for clients that prefer that.
    ///   - times: of the call whose result it is.
    ///   - writeMeter: what wants to know how long the response takes to be sent.
    func sendJSON(
        _ status: HTTPStatus = .ok, contentType: StaticString? = nil, compression: ResponseCompression = .whenLarge,
        times: CallTimes? = nil, writeMeter: WriteMeter? = nil, fields: (inout ByteBuffer) -> Void = { _ in },
        content: (inout ByteBuffer) -> Void
    ) {
        noteModel()
        var end: Int64?, limit = 0
        let isSent = responder.sendJSON(status, contentType: contentType, compression: compression) { buffer in
            fields(&buffer)
            if isCORSEnabled { CORS.headers(dialect).forEach { buffer.appendField($0) } }
        } content: { buffer in
            content(&buffer)
            limit = buffer.limit
            guard !buffer.isOverLimit else { return }
            end = finish(.ok, times)
        } watch: {
            guard let writeMeter, let end else { return nil }
            return WriteWatch(writeMeter, since: MonotonicInstant(nanoseconds: end))
        }
        if !isSent { return fail(Self.tooLong(limit)) }
        // Neither runs when the client has left.
        if end == nil { finish(.ok, times) }
    }

    private static func tooLong(_ limit: Int) -> ServableError {
        ServableError(
            .invalidArgument,
            "the response has more than \(limit) bytes, which is the limit; ask for fewer rows or outputs, or raise server.limits.max_response_bytes"
        )
    }

    func sendJSON(_ status: HTTPStatus = .ok, bytes: [UInt8]) {
        sendJSON(status) { buffer in unsafe bytes.withUnsafeBytes { unsafe buffer.append($0) } }
    }

    func send(
        _ status: HTTPStatus, contentType: StaticString?, code: StatusCode = .ok, headers: [HTTPHeader] = [], text: String = ""
    ) {
        finish(code)
        noteModel()
        responder.send(status, contentType: contentType, headers: adding(headers)) { $0.append(text) }
    }

    /// - Parameter version: of what made the error; nil when no version was asked.
    func fail(_ error: ServableError, version: Int64? = nil) {
        var headers = ErrorMapping.retryAfter(error.code).map { [HTTPHeader("Retry-After", $0)] } ?? []
        if let version { headers.append(HTTPHeader(Self.versionField, String(version))) }
        if error.code == .unauthenticated { headers.append(HTTPHeader("WWW-Authenticate", "Bearer realm=\"apus\"")) }
        fail(ErrorMapping.status(of: error.code, dialect), error, headers: headers)
    }

    /// For refusals whose status says more than a canonical code can.
    func fail(_ status: HTTPStatus, _ error: ServableError, headers: [HTTPHeader] = []) {
        finish(error.code)
        noteModel()
        let error = visibility.map { ServableError(error.code, $0.text(error.message)) } ?? error
        responder.send(status, contentType: "application/json", headers: adding(headers)) { buffer in
            ErrorMapping.appendBody(error, to: &buffer)
        }
    }

    /// - Returns: now.
    @discardableResult
    private func finish(_ status: StatusCode, _ times: CallTimes? = nil) -> Int64 {
        let end = apus_monotonic_nanoseconds()
        observer?.finished(record, CallOutcome(status: status, nanoseconds: end - record.start, times: times))
        return end
    }

    private func adding(_ headers: [HTTPHeader]) -> [HTTPHeader] { isCORSEnabled ? headers + CORS.headers(dialect) : headers }
}

extension Responder: AbandonableRequest {}
extension WriteMeter: WriteObserver {}
