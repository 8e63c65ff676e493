import HTTPCore
import Synchronization
import Testing

/// Requests with large bodies, which are handled away from the loop.
@Suite("Detached requests", .timeLimit(.minutes(1)))
struct DetachedRequestTests {
    private let handler = TestHandler()
    private let lane: LaneHandler
    private let get = Array("GET /get HTTP/1.1\r\nHost: h\r\n\r\n".utf8)

    init() { lane = LaneHandler(handler) }

    private func embedded(inline: Int = 1000, change: (inout ConnectionLimits) -> Void = { _ in }) -> EmbeddedConnection {
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = inline
        change(&limits)
        return EmbeddedConnection(lane, limits: limits)
    }

    private func post(_ body: [UInt8], _ fields: String = "") -> [UInt8] {
        Array("POST /post HTTP/1.1\r\nHost: h\r\n\(fields)Content-Length: \(body.count)\r\n\r\n".utf8) + body
    }

    private func chunked(_ body: [UInt8], _ fields: String = "") -> [UInt8] {
        let head = Array("POST /post HTTP/1.1\r\nHost: h\r\n\(fields)Transfer-Encoding: chunked\r\n\r\n".utf8)
        let chunks = stride(from: 0, to: body.count, by: 300).flatMap { start in
            let part = body[start..<min(start + 300, body.count)]
            return Array("\(String(part.count, radix: 16))\r\n".utf8) + part + [13, 10]
        }
        return head + chunks + Array("0\r\n\r\n".utf8)
    }

    private func responses(_ embedded: EmbeddedConnection) -> [ResponseReader.Response] {
        ResponseReader(embedded.transport.outgoing).final
    }

    private func letters(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 26) + 97 } }

    @Test("begin behind the limit, whatever the framing; of coded content, behind an eighth of it")
    func limit() {
        let coded = CompressedForms.gzip(letters(3000))
        for (inline, body, fields, isLarge) in [
            (1000, letters(0), "", false), (1000, letters(1000), "", false), (1000, letters(1001), "", true), (0, letters(0), "", false),
            (0, letters(1), "", true), (coded.count * 8, coded, "Content-Encoding: gzip\r\n", false),
            (coded.count * 8 - 1, coded, "Content-Encoding: gzip\r\n", true),
            (coded.count, coded, "Content-Encoding: identity\r\n", false),
        ] {
            for request in [post(body, fields), chunked(body, fields)] {
                let lane = LaneHandler(handler)
                var limits = ConnectionLimits()
                limits.maxInlineBodyBytes = inline
                let embedded = EmbeddedConnection(lane, limits: limits)
                embedded.send(request)
                #expect(lane.largeByteCounts == (isLarge ? [body.count] : []), "\(inline) \(body.count) \(fields)")
                embedded.settle(lane)
                #expect(responses(embedded).map(\.status) == [200])
            }
        }
    }

    @Test("reach the handler as others do, and leave what is sent behind them to the connection")
    func pipelined() {
        let body = letters(100_000), coded = CompressedForms.gzip(body), gzip = "Content-Encoding: gzip\r\n"
        let bytes = post(body) + get + chunked(body) + post(coded, gzip) + chunked(coded, gzip) + post(letters(3)) + get
        let whole = embedded()
        whole.send(bytes)
        whole.settle(lane)
        #expect(handler.seen.map(\.body) == [body, [], body, body, body, letters(3), []])
        #expect(lane.largeByteCounts == [body.count, body.count, coded.count, coded.count])
        let wanted = "echo " + String(decoding: body, as: UTF8.self)
        #expect(responses(whole).map(\.text) == [wanted, "hello\n", wanted, wanted, wanted, "echo abc", "hello\n"])
        #expect(!whole.hasEnded && whole.statistics.requests == 7)
        let pieces = embedded()
        for start in stride(from: 0, to: bytes.count, by: 977) {
            pieces.send(bytes[start..<min(start + 977, bytes.count)])
            pieces.settle(lane)
        }
        #expect(pieces.transport.outgoing == whole.transport.outgoing)
    }

    @Test("whose content cannot be decoded get the response that they would get on the loop")
    func refused() {
        let good = CompressedForms.gzip(letters(5000))
        var damaged = good
        damaged[damaged.count - 5] ^= 1
        for (encoding, body, status) in [
            ("gzip", damaged, 400), ("gzip", Array(good.dropLast()), 400), ("gzip", CompressedForms.zeros(20_000), 413),
            ("br", good, 415), ("gzip, gzip, gzip", good, 415),
        ] {
            let request = post(body, "Content-Encoding: \(encoding)\r\n") + get
            var outputs: [[UInt8]] = []
            for inline in [Int.max, 0] {
                let embedded = embedded(inline: inline) { $0.maxBodyBytes = 10_000 }
                embedded.send(request)
                embedded.settle(lane)
                #expect(responses(embedded).map(\.status) == [status, 200])
                outputs.append(embedded.transport.outgoing)
            }
            #expect(outputs[0] == outputs[1])
        }
        #expect(handler.seen.map(\.path) == Array(repeating: "/get", count: 10), "none of them reaches the handler")
    }

    @Test("are handled at once by a handler that does nothing about them")
    func byDefault() {
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = 0
        let embedded = EmbeddedConnection(handler, limits: limits)
        embedded.send(post(letters(5)) + get)
        #expect(responses(embedded).map(\.text) == ["echo abcde", "hello\n"])
    }

    @Test("are not handled for a client that leaves meanwhile", arguments: [false, true])
    func abandoned(hangsUp: Bool) {
        let embedded = embedded()
        lane.suspend()
        embedded.send(post(letters(2000)))
        if hangsUp { embedded.ready([.readable, .readEnded, .hungUp]) } else { embedded.endInput() }
        #expect(embedded.transport.isClosed == hangsUp)
        lane.resume()
        lane.finish()
        embedded.deliverResponses()
        #expect(handler.seen.isEmpty && embedded.transport.isClosed)
        #expect(responses(embedded).map(\.status) == (hangsUp ? [] : [499]))
        #expect(embedded.statistics.abandonedRequests == 1 && embedded.statistics.requestsInFlight == 0)
    }

    @Test("are finished when the server drains meanwhile, and are the last of their connection")
    func drained() {
        let embedded = embedded()
        lane.suspend()
        embedded.send(post(letters(2000)) + get)
        embedded.beginDrain()
        // Waiting for the handler has no deadline.
        embedded.advance(by: .seconds(3600))
        #expect(!embedded.hasEnded)
        lane.resume()
        embedded.settle(lane)
        #expect(responses(embedded).map(\.status) == [200] && embedded.hasEnded)
        #expect(responses(embedded).first?.header("connection") == "close")
    }

    @Test("take one of the places that the limit of requests in flight leaves, until they are answered")
    func inFlight() {
        let first = embedded { $0.maxRequestsInFlight = 1 }
        let second = EmbeddedConnection(lane, sharing: first)
        lane.suspend()
        first.send(post(letters(2000)))
        second.send(get)
        second.send(post(letters(2000)))
        #expect(responses(second).map(\.status) == [503, 503] && lane.largeByteCounts.count == 1)
        lane.resume()
        first.settle(lane)
        second.send(get)
        #expect(responses(first).map(\.status) == [200] && responses(second).map(\.status) == [503, 503, 200])
    }

    @Test("that are dropped get status 500")
    func dropped() {
        struct Forgetful: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {}
            func handle(large request: DetachedRequest, _ responder: Responder) {}
        }
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = 0
        let embedded = EmbeddedConnection(Forgetful(), limits: limits)
        embedded.send(post(letters(5)))
        #expect(responses(embedded).map(\.status) == [500])
    }

    @Test("are logged with the bytes of their bodies, also when their client leaves")
    func logged() async throws {
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = 0
        let logged = try LoggedConnection(lane, limits: limits)
        logged.embedded.send(post(letters(2000)))
        logged.embedded.settle(lane)
        lane.suspend()
        logged.embedded.send(post(letters(3)))
        logged.embedded.ready([.readable, .readEnded, .hungUp])
        lane.resume()
        lane.finish()
        logged.embedded.deliverResponses()
        let lines = await logged.lines()
        #expect(lines.count == 2)
        #expect(lines.first?.contains("\"POST /post HTTP/1.1\" 200 ") == true && lines.first?.contains(" in=2000 ") == true)
        #expect(lines.last?.contains("\" 499 ") == true && lines.last?.contains(" in=3 ") == true)
    }

    @Test("keep their bytes although the connection, and what its loop keeps, are gone")
    func outlivesConnection() throws {
        /// Keeps the request until the test takes it.
        final class Keeping: RequestHandler {
            let kept = Mutex<DetachedRequest?>(nil)
            func handle(_ request: borrowing Request, _ responder: Responder) { responder.send(.ok) }
            func handle(large request: DetachedRequest, _ responder: Responder) {
                kept.withLock { $0 = request }
                responder.send(.ok)
            }
        }
        let keeping = Keeping(), body = letters(50_000)
        var limits = ConnectionLimits()
        limits.maxInlineBodyBytes = 0
        do {
            let embedded = EmbeddedConnection(keeping, limits: limits)
            embedded.send(post(body) + post(letters(0)))
            embedded.ready([.readable, .readEnded, .hungUp])
        }
        let request = try #require(keeping.kept.withLock { $0.take() })
        let other = HoldingHandler()
        let embedded = EmbeddedConnection(other)
        embedded.send(get)
        request.handle(with: handler, try #require(other.takeFirst()))
        #expect(handler.seen.map(\.body) == [body])
    }
}
