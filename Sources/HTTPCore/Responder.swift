import Logging
import Synchronization

/// The right and duty to answer one request, exactly once, from any thread.
///
/// A responder that is dropped unused answers 500, so that no client waits for ever because of a fault of ours.
package final class Responder: Sendable {
    private let connection: Connection
    private let isUsed = Atomic(false)

    init(_ connection: Connection) { self.connection = connection }

    deinit {
        guard !isUsed.load(ordering: .acquiring) else { return }
        connection.context.logger.error("a request was dropped without an answer; the client gets status 500")
        connection.deliver(.error(.internalServerError, "the server dropped the request without an answer"))
    }

    /// Whether the client's connection is gone, so that work for this request is in vain.
    package var isAbandoned: Bool { connection.isGone }

    /// Sends the answer. On the loop's own thread, within the handler's call, it is built at once; from elsewhere it is
    /// handed to the loop, which wakes at most once for a burst of answers.
    ///
    /// - Parameter body: Runs once on the loop and appends the body to the connection's output; it must not block. It
    ///   runs for HEAD as well, for the length, and not at all when the client has gone.
    package func send(
        _ status: HTTPStatus,
        contentType: StaticString? = nil,
        headers: [HTTPHeader] = [],
        body: @escaping @Sendable (inout ByteBuffer) -> Void = { _ in }
    ) {
        send(Answer(status: status, contentType: contentType, headers: headers, writeBody: body))
    }

    /// Sends `{"error": "…"}`. The connection stays: an error of the request's meaning is none of its framing.
    package func sendError(_ status: HTTPStatus, _ message: String, headers: [HTTPHeader] = []) {
        send(.error(status, message, headers: headers))
    }

    private func send(_ answer: Answer) {
        guard !isUsed.exchange(true, ordering: .acquiringAndReleasing) else {
            assertionFailure("a request was answered twice")
            connection.context.logger.error("a second answer to one request was dropped")
            return
        }
        connection.deliver(answer)
    }
}
