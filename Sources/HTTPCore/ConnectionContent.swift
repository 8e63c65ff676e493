// How a connection hands over requests whose content is compressed.

extension Connection {
    /// Gives the handler the request with its content decoded, or answers why that cannot be done.
    ///
    /// The decoded bytes live for the length of the handler's call, in memory of the loop.
    func decode(_ request: borrowing Request) {
        let responder = Responder.take(for: self)
        var content = context.pool.takeOutput()
        do throws(ContentRefusal) {
            try unsafe context.coder.decode(
                request.body, request.contentCodings, limit: context.limits.maxBodyBytes, into: &content)
            unsafe context.handler.handle(Request(request, content: content.bytes), responder)
        } catch {
            let named = request.headerText("content-encoding") ?? ""
            responder.sendError(error.status, error.message(contentEncoding: named), headers: error.headers)
        }
        context.pool.give(content)
        Responder.recycle(responder, context)
    }
}
