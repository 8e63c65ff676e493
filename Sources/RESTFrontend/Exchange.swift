import CPlatform
package import HTTPCore
import ServableCore

/// One request on its way to its answer: where to send it, how long it took, who is told.
struct Exchange: Sendable {
    private let responder: Responder
    private let isCORSEnabled: Bool
    /// Nil for routes that are none of a model's.
    private let observer: (any RequestObserver)?
    /// When the request was there, in nanoseconds of the monotonic clock.
    let start: Int64
    var facts = FinishedRequest()

    init(_ responder: Responder, isCORSEnabled: Bool, observer: (any RequestObserver)?) {
        self.responder = responder
        self.isCORSEnabled = isCORSEnabled
        self.observer = observer
        start = apus_monotonic_nanoseconds()
    }

    /// What work for the answer asks whether anybody still waits for it.
    var request: any AbandonableRequest { responder }

    func answerJSON(
        _ status: HTTPStatus = .ok, headers: [HTTPHeader] = [], _ body: @escaping @Sendable (inout ByteBuffer) -> Void
    ) {
        tell(.ok)
        responder.send(status, contentType: "application/json", headers: adding(headers), body: body)
    }

    func answerJSON(_ status: HTTPStatus = .ok, bytes: [UInt8]) {
        answerJSON(status) { buffer in bytes.withUnsafeBytes { buffer.append($0) } }
    }

    func answer(
        _ status: HTTPStatus, contentType: StaticString?, code: StatusCode = .ok, headers: [HTTPHeader] = [], text: String = ""
    ) {
        tell(code)
        responder.send(status, contentType: contentType, headers: adding(headers)) { $0.append(text) }
    }

    func fail(_ error: ServableError) {
        let headers = ErrorMapping.retryAfter(error.code).map { [HTTPHeader("Retry-After", $0)] } ?? []
        fail(ErrorMapping.status(of: error.code), error, headers: headers)
    }

    /// For refusals whose status says more than a canonical code can.
    func fail(_ status: HTTPStatus, _ error: ServableError, headers: [HTTPHeader] = []) {
        tell(error.code)
        responder.send(status, contentType: "application/json", headers: adding(headers)) { buffer in
            ErrorMapping.appendBody(error, to: &buffer)
        }
    }

    private func tell(_ status: StatusCode) {
        guard let observer else { return }
        var facts = facts
        facts.status = status
        facts.nanoseconds = apus_monotonic_nanoseconds() - start
        observer.finished(facts)
    }

    private func adding(_ headers: [HTTPHeader]) -> [HTTPHeader] { isCORSEnabled ? headers + CORS.headers : headers }
}

extension Responder: AbandonableRequest {}

/// Cross-origin requests, section 4 of TensorFlow Serving's REST contract.
enum CORS {
    static let headers = [
        HTTPHeader("Access-Control-Allow-Origin", "*"),
        HTTPHeader("Access-Control-Allow-Methods", "POST, GET"),
        HTTPHeader("Access-Control-Allow-Headers", "Content-Type"),
    ]

    /// A preflight needs the origin it asks for.
    static func isOrigin(_ value: String?) -> Bool {
        value.map { $0.contains("http://") || $0.contains("https://") } ?? false
    }
}
