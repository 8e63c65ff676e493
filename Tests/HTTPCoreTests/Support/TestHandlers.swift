import Dispatch
import HTTPCore
import Synchronization

/// Serves what the tests ask for and remembers what it saw.
final class TestHandler: RequestHandler {
    struct Seen: Equatable, Sendable {
        var method: HTTPMethod
        var path: String
        var query: String?
        var headers: [String]
        var body: [UInt8]
    }

    private let state = Mutex<[Seen]>([])

    var seen: [Seen] { state.withLock { $0 } }

    /// GET /get greets, POST /post echoes, /large/N answers N bytes, everything else is 404 or 405.
    func handle(_ request: borrowing Request, _ responder: Responder) {
        let path = String(decoding: request.path, as: UTF8.self)
        var headers: [String] = []
        for index in 0..<request.headerCount {
            let header = request.header(at: index)
            headers.append(String(decoding: header.name, as: UTF8.self) + "=" + String(decoding: header.value, as: UTF8.self))
        }
        let body = Array(request.body)
        let seen = Seen(
            method: request.method, path: path, query: request.query.map { String(decoding: $0, as: UTF8.self) },
            headers: headers, body: body)
        state.withLock { $0.append(seen) }
        Self.answer(request.method, path, body, responder)
    }

    static func answer(_ method: HTTPMethod, _ path: String, _ body: [UInt8], _ responder: Responder) {
        switch (method, path) {
        case (.options, "/get"), (.options, "*"):
            responder.send(.noContent, headers: [HTTPHeader("Allow", "GET, HEAD, OPTIONS")])
        case (.get, "/get"), (.head, "/get"):
            responder.send(.ok, contentType: "text/plain") { $0.append("hello\n") }
        case (.post, "/post"):
            responder.send(.ok, contentType: "application/json") { out in
                out.append("echo ")
                body.withUnsafeBytes { out.append($0) }
            }
        case (.get, _) where path.hasPrefix("/large/"):
            let count = Int(path.dropFirst(7)) ?? 0
            responder.send(.ok, contentType: "application/octet-stream") { out in
                let space = out.reserve(count)
                for index in 0..<count { space.storeBytes(of: UInt8(index % 251), toByteOffset: index, as: UInt8.self) }
                out.commit(count)
            }
        case (_, "/get"), (_, "/post"):
            responder.sendError(.methodNotAllowed, "not with this method", headers: [HTTPHeader("Allow", "GET, HEAD, POST")])
        default:
            responder.sendError(.notFound, "no such path: \(path)")
        }
    }
}

/// Keeps responders until the test answers them.
final class HoldingHandler: RequestHandler {
    private let held = Mutex<[Responder]>([])

    func handle(_ request: borrowing Request, _ responder: Responder) { held.withLock { $0.append(responder) } }

    var count: Int { held.withLock { $0.count } }

    func takeFirst() -> Responder? { held.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}

/// Has another handler handle large requests on a thread that is not the loop's.
final class LaneHandler: RequestHandler {
    private let handler: any RequestHandler
    private let queue = DispatchQueue(label: "apus.test.lane")
    private let bodyByteCounts = Mutex<[Int]>([])

    init(_ handler: any RequestHandler) { self.handler = handler }

    /// Of the large requests that have come.
    var largeByteCounts: [Int] { bodyByteCounts.withLock { $0 } }

    func handle(_ request: borrowing Request, _ responder: Responder) { handler.handle(request, responder) }

    func handle(large request: DetachedRequest, _ responder: Responder) {
        bodyByteCounts.withLock { $0.append(request.bodyByteCount) }
        queue.async { [handler] in request.handle(with: handler, responder) }
    }

    func answersBeyondLimit(_ request: borrowing Request) -> Bool { handler.answersBeyondLimit(request) }

    /// Keeps large requests waiting until `resume`.
    func suspend() { queue.suspend() }
    func resume() { queue.resume() }

    /// Waits until all large requests that have come are handled.
    func finish() { queue.sync {} }
}

/// Answers from another thread.
struct HoppingHandler: RequestHandler {
    private let queue = DispatchQueue(label: "apus.test.lane")

    func handle(_ request: borrowing Request, _ responder: Responder) {
        let method = request.method
        let path = String(decoding: request.path, as: UTF8.self)
        let body = Array(request.body)
        queue.async { TestHandler.answer(method, path, body, responder) }
    }
}
