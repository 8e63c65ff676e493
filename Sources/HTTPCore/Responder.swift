import Logging
import Synchronization

/// The right and duty to answer one request, exactly once, from any thread.
///
/// A responder that is dropped unused sends 500, so that no client waits for ever because of a fault of ours.
package final class Responder: @unchecked Sendable {
    /// Nil only while the responder is spare: changed by the loop alone, when nobody else has a reference.
    private var connection: Connection?
    /// How the client prefers content; changed as `connection` is.
    private var preference: ContentPreference
    private let isUsed = Atomic(false)
    /// What the request is for, which the access log is to say; of whoever has the right to respond, before it does.
    package var subject: AccessSubject?

    private init(_ connection: Connection) {
        self.connection = connection
        preference = connection.contentPreference
    }

    deinit {
        guard !isUsed.load(ordering: .acquiring), let connection else { return }
        connection.context.logger.error("a request was dropped without a response; the client gets status 500")
        connection.deliver(.error(.internalServerError, "the server dropped the request without a response"))
    }

    /// Whether the client is an operator, by the listener that it came in by.
    package var isAdministrative: Bool { connection?.isAdministrative ?? false }

    /// Whether anybody reads `subject`.
    package var isLogged: Bool { connection?.context.accessLog != nil }

    /// Whether the client's connection is gone, so that work for this request is in vain.
    package var isAbandoned: Bool { connection?.isGone ?? true }

    /// Sends the response. On the loop's own thread, within the handler's call, it is built at once; from elsewhere it is
    /// handed to the loop, which wakes at most once for a burst of responses.
    ///
    /// - Parameter body: Runs once on the loop and appends the body to the connection's output; it must not block. It
    ///   runs for HEAD as well, for the length, and not at all when the client has gone.
    package func send(
        _ status: HTTPStatus,
        contentType: StaticString? = nil,
        headers: [HTTPHeader] = [],
        body: @escaping @Sendable (inout ByteBuffer) -> Void = { _ in }
    ) {
        send(Response(status: status, contentType: contentType, headers: headers, content: .written(body)))
    }

    /// Sends content that is built now, on the calling thread, JSON unless another type is given: both closures have run once when the call returns.
    ///
    /// Within the handler's call they write where the response is sent from, and nothing is allocated. From elsewhere they write
    /// to memory of their own, where large content is also compressed if the client prefers that, and the loop has only to send it.
    /// Neither runs when the connection has closed.
    ///
    /// - Parameters:
    ///   - status: One that allows content.
    ///   - contentType: Of the content; nil for JSON.
    ///   - compression: When the content is compressed for clients that prefer that.
    ///   - fields: Appends further header fields, with `appendField`.
    ///   - content: Appends the content; it runs for HEAD as well, for the length.
    ///   - watch: Runs after `content`, when that is not too long: says who wants to know when the response is sent.
    /// - Returns: False when the content is longer than `ConnectionLimits.maxResponseBytes` allow (the buffer says so, too): nothing is
    ///   sent, and the request still has to be answered.
    @discardableResult
    package func sendJSON(
        _ status: HTTPStatus = .ok, contentType: StaticString? = nil, compression: ResponseCompression = .whenLarge,
        fields: (inout ByteBuffer) -> Void = { _ in }, content: (inout ByteBuffer) -> Void, watch: () -> WriteWatch? = { nil }
    ) -> Bool {
        precondition(status.allowsContent, "a response of status \(status.code) has no content")
        guard let connection = beginUse() else { return true }
        if connection.isInHandlerCall {
            connection.respondWithJSON(status, contentType, compression, subject, fields: fields, content: content, watch: watch)
            return true
        }
        guard !connection.cannotRespond else { return true }
        let built = BuiltContent(preference, compression, connection.context, fields: fields, content: content)
        guard !built.isOverLimit else {
            isUsed.store(false, ordering: .releasing)
            return false
        }
        let contentType = contentType ?? ResponseWriter.jsonType
        connection.deliver(Response(status: status, contentType: contentType, content: .built(built), watch: watch(), subject: subject))
        return true
    }

    /// Sends `{"error": "…"}`. The connection stays: an error of the request's meaning is none of its framing.
    package func sendError(_ status: HTTPStatus, _ message: String, headers: [HTTPHeader] = []) {
        send(.error(status, message, headers: headers))
    }

    private func send(_ response: Response) {
        var response = response
        response.subject = subject
        beginUse()?.deliver(response)
    }

    /// Notes that the request is answered.
    ///
    /// - Returns: The connection to answer on; nil when it has been answered before.
    private func beginUse() -> Connection? {
        guard let connection else { return nil }
        guard isUsed.exchange(true, ordering: .acquiringAndReleasing) else { return connection }
        assertionFailure("a request was answered twice")
        connection.context.logger.error("a second response to one request was dropped")
        return nil
    }
}

// Used again: most requests are answered within the handler's call, and then nobody has kept the responder.
extension Responder {
    /// A responder for a request of `connection`; to be given back to `recycle` after the handler's call.
    static func take(for connection: Connection) -> Responder {
        guard let spare = connection.context.spareResponder else { return Responder(connection) }
        connection.context.spareResponder = nil
        spare.connection = connection
        spare.preference = connection.contentPreference
        spare.subject = nil
        spare.isUsed.store(false, ordering: .relaxed)
        return spare
    }

    static func recycle(_ responder: consuming Responder, _ context: ConnectionContext) {
        guard responder.isUsed.load(ordering: .acquiring), isKnownUniquelyReferenced(&responder) else { return }
        responder.connection = nil
        responder.subject = nil
        context.spareResponder = responder
    }
}
