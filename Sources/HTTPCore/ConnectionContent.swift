// How requests whose content is compressed are handled.

extension Connection {
    /// Gives the handler the request with its content decoded, or sends the reason why that cannot be done.
    func decode(_ request: borrowing Request) {
        let responder = Responder.take(for: self)
        var content = context.pool.takeOutput()
        context.handler.handle(coded: request, responder, context.coder, limit: context.limits.maxBodyBytes, &content)
        context.pool.give(content)
        Responder.recycle(responder, context)
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
