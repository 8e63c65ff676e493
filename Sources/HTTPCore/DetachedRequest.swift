/// A whole request that has left its connection, to be handled on any thread.
///
/// It owns the bytes of head and body, which were moved out of the connection, and frees them with its last reference, on whatever
/// thread. What the client sends behind the request stays with the connection.
package final class DetachedRequest: @unchecked Sendable {
    /// Never changed any more, so that every thread may read it.
    private let memory: RequestMemory
    private let bodyRange: Range<Int>
    private let peer: PeerAddress
    private let isLocal: Bool
    private let isAdministrative: Bool
    private let clientSubject: String?
    /// Of the loop; only what any thread may use is used of it.
    private let context: ConnectionContext

    /// - Parameter memory: Holds this request alone, and is given away by the connection.
    init(
        _ memory: RequestMemory, bodyRange: Range<Int>, peer: PeerAddress, isLocal: Bool, isAdministrative: Bool, clientSubject: String?,
        context: ConnectionContext
    ) {
        self.memory = memory
        self.bodyRange = bodyRange
        self.peer = peer
        self.isLocal = isLocal
        self.isAdministrative = isAdministrative
        self.clientSubject = clientSubject
        self.context = context
    }

    deinit { context.noteFreedElsewhere(memory.buffer.capacity) }

    /// Bytes of the body, chunked framing removed, content codings not.
    package var bodyByteCount: Int { bodyRange.count }

    /// The value of the first field of that name (in lower case) as text; nil when there is none.
    package func headerText(_ name: StaticString) -> String? {
        request.headerText(name)
    }

    private var request: Request {
        Request(
            memory, bodyRange: bodyRange, peer: peer, isLocal: isLocal, isAdministrative: isAdministrative, clientSubject: clientSubject)
    }

    /// Gives the request to the handler on the calling thread, its content decoded; sends the reason when that is impossible, and
    /// does neither for a client that has left.
    package func handle(with handler: any RequestHandler, _ responder: Responder) {
        guard !responder.isAbandoned else {
            return responder.sendError(.clientClosedRequest, "the client left before its request was handled")
        }
        let request = request
        guard request.hasCodedContent else { return handler.handle(request, responder) }
        var content = ByteBuffer()
        let coder = ContentCoder(level: context.limits.compressionLevel)
        handler.handle(coded: request, responder, coder, limit: context.limits.maxBodyBytes, &content)
    }
}

extension RequestHandler {
    /// Handles the request with its content decoded, or sends the reason why that cannot be done. The connection stays.
    ///
    /// - Parameters:
    ///   - coder: One that belongs to the calling thread.
    ///   - limit: Bytes that the content may inflate to.
    ///   - content: Takes the decoded bytes, which the handler may read until the call returns.
    func handle(
        coded request: borrowing Request, _ responder: Responder, _ coder: ContentCoder, limit: Int, _ content: inout ByteBuffer
    ) {
        do throws(ContentRefusal) {
            try unsafe coder.decode(request.body, request.contentCodings, limit: limit, into: &content)
        } catch {
            let named = request.headerText("content-encoding") ?? ""
            return responder.sendError(error.status, error.message(contentEncoding: named), headers: error.headers)
        }
        unsafe handle(Request(request, content: content.bytes), responder)
    }
}
