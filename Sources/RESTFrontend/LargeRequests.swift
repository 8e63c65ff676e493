import HTTPCore

/// Hands a detached request back to the routes, with the time at which it came.
struct LargeRequestHandler: RequestHandler {
    let routes: RESTHandler
    let start: Int64

    func handle(_ request: borrowing Request, _ responder: Responder) {
        routes.handle(request, responder, start: start, isDetached: true)
    }
}
