import Foundation
import HTTPCore
import Synchronization
import Testing

/// Responses in JSON, which are built on the thread that sends them.
@Suite("JSON responses")
struct JSONResponseTests {
    /// Where a handler sends from.
    enum Place: CaseIterable {
        case insideTheCall
        case outsideTheCall
    }

    /// Sends what `response` says, at once or when the test calls `sendHeld`.
    private final class Handler: RequestHandler {
        let place: Place
        let response: Response
        private let held = Mutex<[Responder]>([])

        init(_ place: Place, _ response: Response) {
            self.place = place
            self.response = response
        }

        func handle(_ request: borrowing Request, _ responder: Responder) {
            switch place {
            case .insideTheCall: response.send(to: responder)
            case .outsideTheCall: held.withLock { $0.append(responder) }
            }
        }

        /// - Returns: Whether there was a request to respond to.
        func sendHeld() -> Bool {
            guard let responder = held.withLock({ $0.popLast() }) else { return false }
            response.send(to: responder)
            return true
        }
    }

    struct Response {
        var status = HTTPStatus.ok
        var content: [UInt8]

        func send(to responder: Responder) {
            responder.sendJSON(status) {
                $0.appendField("X-Number", decimal: 7)
            } content: { out in
                content.withUnsafeBytes { out.append($0) }
            }
        }
    }

    struct Case: CustomTestStringConvertible {
        var name: String
        var request: String
        var response: Response
        var threshold = 100
        /// What the output begins and ends with.
        var start = "HTTP/1.1 200 OK\r\nServer: apus\r\n"
        var end: String?
        /// Whether the connection closes.
        var closes = false
        /// Bytes that the client takes before it has to be asked again.
        var writeCapacity = Int.max

        var testDescription: String { name }
    }

    private static func get(_ fields: String = "", method: String = "GET", version: String = "1.1") -> String {
        "\(method) /v1 HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"
    }

    private static let gzip = "Accept-Encoding: gzip\r\n"
    private static let small = Response(content: Array("{}".utf8))
    private static let text = Response(content: Array("[\((0..<20_000).map { "\($0 / 7)" }.joined(separator: ","))]".utf8))
    private static let noise = Response(content: (0..<200).map { UInt8(truncatingIfNeeded: $0 &* 167) })
    private static let head = "Content-Type: application/json\r\nX-Number: 7\r\n"

    static let cases: [Case] = [
        Case(name: "a small one", request: get(), response: small, end: head + "Content-Length: 2\r\n\r\n{}"),
        Case(name: "without content", request: get(), response: Response(content: []), end: head + "Content-Length: 0\r\n\r\n"),
        Case(
            name: "another status", request: get(), response: Response(status: .conflict, content: [0x7B, 0x7D]),
            start: "HTTP/1.1 409 Conflict\r\nServer: apus\r\n", end: head + "Content-Length: 2\r\n\r\n{}"),
        Case(name: "a small one for gzip", request: get(gzip), response: small, end: head + "Content-Length: 2\r\n\r\n{}"),
        Case(name: "a large one", request: get(), response: text),
        Case(name: "a large one that is never compressed", request: get(gzip), response: text, threshold: 0),
        Case(name: "a large one for gzip", request: get(gzip), response: text),
        Case(name: "one that gzip makes no shorter", request: get(gzip), response: noise),
        Case(name: "the head of a small one", request: get(method: "HEAD"), response: small, end: head + "Content-Length: 2\r\n\r\n"),
        Case(
            name: "the head of a large one", request: get(method: "HEAD"), response: text,
            end: head + "Content-Length: \(text.content.count)\r\nVary: Accept-Encoding\r\n\r\n"),
        Case(name: "the head of a large one for gzip", request: get(gzip, method: "HEAD"), response: text),
        Case(
            name: "the last one", request: get("Connection: close\r\n"), response: small,
            end: head + "Connection: close\r\nContent-Length: 2\r\n\r\n{}", closes: true),
        Case(
            name: "one for HTTP/1.0", request: get("Connection: keep-alive\r\n", version: "1.0"), response: small,
            end: head + "Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"),
        Case(name: "several", request: get() + get() + get(), response: small),
        Case(name: "several large ones", request: get() + get(gzip) + get(), response: text),
        Case(name: "several large ones to a slow client", request: get() + get(gzip) + get(), response: text, writeCapacity: 1000),
    ]

    private func embedded(_ each: Case, _ place: Place) -> EmbeddedConnection {
        var limits = ConnectionLimits()
        limits.compressionThresholdBytes = each.threshold
        let handler = Handler(place, each.response)
        let embedded = EmbeddedConnection(handler, limits: limits)
        embedded.transport.writeCapacity = each.writeCapacity
        embedded.send(each.request)
        repeat {
            embedded.deliverResponses()
            // What the client takes now goes on where the last answer stopped.
            embedded.transport.writeCapacity = .max
            embedded.ready(.writable)
        } while handler.sendHeld()
        return embedded
    }

    @Test("are the same bytes inside and outside the handler's call", arguments: cases)
    func bytes(_ each: Case) throws {
        let inside = embedded(each, .insideTheCall), outside = embedded(each, .outsideTheCall)
        #expect(outside.transport.outgoing == inside.transport.outgoing)
        #expect(inside.hasEnded == each.closes && outside.hasEnded == each.closes)
        let output = String(decoding: inside.transport.outgoing, as: UTF8.self)
        #expect(output.hasPrefix(each.start))
        if let end = each.end { #expect(output.hasSuffix(end), "\(output)") }
    }

    @Test("are compressed as the client prefers, on either side", arguments: Place.allCases)
    func compressed(_ place: Place) throws {
        for (fields, isCompressed) in [(Self.gzip, true), ("", false)] {
            let each = Case(name: "", request: Self.get(fields), response: Self.text)
            let response = try #require(ResponseReader(embedded(each, place).transport.outgoing).final.first)
            #expect(response.header("content-encoding") == (isCompressed ? "gzip" : nil))
            #expect(response.header("vary") == "Accept-Encoding")
            let content = isCompressed ? try CompressedForms.inflate([response.body[...]], .gzip) : response.body
            #expect(content == Self.text.content)
        }
    }

    @Test("have run both closures, once, when the call returns; neither runs when the connection has closed")
    func closures() throws {
        for isClosed in [false, true] {
            let handler = HoldingHandler()
            let embedded = EmbeddedConnection(handler)
            embedded.send(Self.get())
            let responder = try #require(handler.takeFirst())
            if isClosed { embedded.ready([.readable, .readEnded, .hungUp]) }
            var calls: [String] = []
            responder.sendJSON { _ in
                calls.append("fields")
            } content: { _ in
                calls.append("content")
            }
            #expect(calls == (isClosed ? [] : ["fields", "content"]))
            embedded.deliverResponses()
            #expect(embedded.transport.outgoing.isEmpty == isClosed)
            #expect(embedded.statistics.requestsInFlight == 0)
        }
    }

    /// What it hears of responses that have been sent.
    private final class Observer: WriteObserver {
        let times = Mutex<[Int64]>([])
        func wrote(nanoseconds: Int64) { times.withLock { $0.append(nanoseconds) } }
    }

    @Test("are watched until the system has taken their last byte, and no longer when the client leaves before", arguments: Place.allCases)
    func watched(_ place: Place) throws {
        for leaves in [false, true] {
            let observer = Observer()
            let start = MonotonicInstant.now
            let handler = WatchedHandler(place, WriteWatch(observer, since: start))
            let embedded = EmbeddedConnection(handler)
            embedded.transport.writeCapacity = 10
            embedded.send(Self.get())
            handler.sendHeld()
            embedded.deliverResponses()
            #expect(observer.times.withLock { $0 } == [], "ten bytes are not all")
            if leaves { embedded.ready([.readable, .readEnded, .hungUp]) }
            embedded.transport.writeCapacity = .max
            embedded.ready(.writable)
            let times = observer.times.withLock { $0 }
            #expect(times.count == (leaves ? 0 : 1))
            #expect(times.allSatisfy { $0 >= 0 && $0 <= MonotonicInstant.now.nanoseconds - start.nanoseconds })
        }
    }

    /// Sends a watched response, at once or when the test calls `sendHeld`.
    private final class WatchedHandler: RequestHandler {
        private let place: Place
        private let watch: WriteWatch
        private let held = Mutex<[Responder]>([])

        init(_ place: Place, _ watch: WriteWatch) {
            self.place = place
            self.watch = watch
        }

        func handle(_ request: borrowing Request, _ responder: Responder) {
            switch place {
            case .insideTheCall: send(to: responder)
            case .outsideTheCall: held.withLock { $0.append(responder) }
            }
        }

        func sendHeld() { while let responder = held.withLock({ $0.popLast() }) { send(to: responder) } }

        private func send(to responder: Responder) {
            responder.sendJSON {
                $0.append("{}")
            } watch: {
                watch
            }
        }
    }

    @Test("of more than the limit are not sent, so that another is", arguments: [0, 1, 200_000])
    func tooLong(_ excess: Int) throws {
        let handler = HoldingHandler()
        var limits = ConnectionLimits()
        limits.maxResponseBytes = 1 << 20
        let embedded = EmbeddedConnection(handler, limits: limits)
        embedded.send(Self.get())
        let responder = try #require(handler.takeFirst())
        // The room before the content counts.
        let count = (1 << 20) - 1024 + excess
        let piece = [UInt8](repeating: UInt8(ascii: "1"), count: 1000)
        var isOverLimit = false
        let isSent = responder.sendJSON { buffer in
            for start in stride(from: 0, to: count, by: piece.count) {
                piece[..<min(piece.count, count - start)].withUnsafeBytes { buffer.append($0) }
            }
            isOverLimit = buffer.isOverLimit
        }
        #expect(isSent == (excess == 0) && isOverLimit == (excess > 0))
        if !isSent { responder.sendJSON(.badRequest) { $0.append("{}") } }
        embedded.deliverResponses()
        let content = isSent ? String(repeating: "1", count: count) : "{}"
        let output = embedded.takeOutput()
        #expect(output.contains("\r\nContent-Length: \(content.count)\r\n") && output.hasSuffix("\r\n\r\n\(content)"))
        #expect(embedded.statistics.requestsInFlight == 0)
    }

    @Test("reach a client that has closed its side while it waited, and end the connection")
    func halfClosed() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(Self.get())
        embedded.endInput()
        try #require(handler.takeFirst()).sendJSON { $0.append("{}") }
        embedded.deliverResponses()
        #expect(embedded.takeOutput().hasSuffix("\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}") && embedded.transport.isClosed)
    }

    @Test("of another connection's request are not built within the present call")
    func kept() throws {
        /// Responds to the request before with each further one.
        final class Late: RequestHandler {
            private let last = Mutex<Responder?>(nil)

            func handle(_ request: borrowing Request, _ responder: Responder) {
                last.withLock { exchange(&$0, with: responder) }?.sendJSON { $0.append("late") }
            }
        }
        let handler = Late()
        let first = EmbeddedConnection(handler)
        let second = EmbeddedConnection(handler, sharing: first)
        first.send(Self.get())
        second.send(Self.get())
        #expect(first.transport.outgoing.isEmpty && second.transport.outgoing.isEmpty)
        first.deliverResponses()
        #expect(first.takeOutput().hasSuffix("\r\n\r\nlate") && second.transport.outgoing.isEmpty)
    }

    #if !DEBUG
        @Test("are given once only; a second one is dropped, and an assertion in debug builds")
        func once() {
            struct Eager: RequestHandler {
                func handle(_ request: borrowing Request, _ responder: Responder) {
                    for _ in 0..<2 { responder.sendJSON { $0.append("{}") } }
                }
            }
            let embedded = EmbeddedConnection(Eager())
            embedded.send(Self.get())
            embedded.deliverResponses()
            #expect(embedded.takeOutput().components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    #endif

    @Test("leave the responder to the next request, which gets its 500 when it is dropped")
    func dropped() {
        struct Forgetful: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {
                if request.method == .get { responder.sendJSON { $0.append("{}") } }
            }
        }
        let embedded = EmbeddedConnection(Forgetful())
        embedded.send(Self.get() + Self.get(method: "DELETE"))
        embedded.deliverResponses()
        let statuses = ResponseReader(embedded.transport.outgoing).final.map(\.status)
        #expect(statuses == [200, 500])
    }
}
