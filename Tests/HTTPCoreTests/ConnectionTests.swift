import HTTPCore
import Testing

@Suite("Connection")
struct ConnectionTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    private func answers(_ embedded: EmbeddedConnection, methods: [String] = []) -> [ResponseReader.Response] {
        ResponseReader(embedded.transport.outgoing, methods: methods).final
    }

    @Test("writes status, common fields and the length of the content, in that order")
    func headBytes() {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send(get)
        #expect(
            embedded.takeOutput() == "HTTP/1.1 200 OK\r\nServer: apus\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                + "Content-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n")
    }

    @Test("renews the date with the clock's second")
    func date() {
        let embedded = EmbeddedConnection(TestHandler())
        let second: Int64 = 1_000_000_000
        embedded.context.beginTurn(at: embedded.context.now + .milliseconds(999), wallNanoseconds: 784_111_778 * second)
        embedded.send(get)
        #expect(embedded.takeOutput().contains("08:49:37"))
        embedded.context.beginTurn(at: embedded.context.now + .milliseconds(1), wallNanoseconds: 784_111_778 * second)
        embedded.send(get)
        #expect(embedded.takeOutput().contains("08:49:38"))
    }

    @Test("answers pipelined requests in order")
    func pipelining() {
        let embedded = EmbeddedConnection(TestHandler())
        let post = "POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"
        embedded.send(get + post + "1" + "HEAD /get HTTP/1.1\r\nHost: h\r\n\r\n" + post + "2" + get)
        let answers = answers(embedded, methods: ["GET", "POST", "HEAD", "POST", "GET"])
        #expect(answers.map(\.text) == ["hello\n", "echo 1", "", "echo 2", "hello\n"])
        #expect(answers[2].header("content-length") == "6")
        #expect(!embedded.hasEnded)
    }

    @Test("handles one request at a time and reads nothing meanwhile")
    func oneInFlight() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get + get)
        embedded.send(get)
        #expect(handler.count == 1 && embedded.transport.unreadCount == get.utf8.count)
        for round in 1...3 {
            let responder = try #require(handler.takeFirst())
            responder.send(.ok) { $0.append("\(round)") }
            #expect(answers(embedded).count == round - 1)
            embedded.deliverResponses()
            #expect(answers(embedded).count == round)
        }
        #expect(answers(embedded).map(\.text) == ["1", "2", "3"] && handler.count == 0)
    }

    @Test("answers 500 for a responder that is dropped, and keeps the connection")
    func droppedResponder() {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get)
        _ = handler.takeFirst()
        embedded.deliverResponses()
        #expect(answers(embedded).map(\.status) == [500] && !embedded.hasEnded)
        struct Dropping: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {}
        }
        let direct = EmbeddedConnection(Dropping())
        direct.send(get)
        #expect(answers(direct).map(\.status) == [500])
    }

    @Test("tells a responder when its client has gone, and drops the answer")
    func abandoned() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get)
        let responder = try #require(handler.takeFirst())
        #expect(!responder.isAbandoned)
        embedded.ready([.readable, .readEnded, .hungUp])
        #expect(responder.isAbandoned && embedded.transport.isClosed)
        responder.send(.ok) { _ in Issue.record("the body of an abandoned answer was built") }
        embedded.deliverResponses()
        #expect(embedded.transport.outgoing.isEmpty)
        #expect(embedded.statistics.abandonedRequests == 1 && embedded.statistics.requestsInFlight == 0)
    }

    @Test("answers a client that has half-closed, and then closes")
    func halfClose() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get + get)
        embedded.endInput()
        for _ in 0..<2 {
            try #require(handler.takeFirst()).send(.ok) { $0.append("x") }
            embedded.deliverResponses()
        }
        #expect(answers(embedded).map(\.text) == ["x", "x"] && embedded.transport.isClosed)
    }

    @Test(
        "closes or keeps the connection as version and Connection field say",
        arguments: [
            ("HTTP/1.1", "", false, nil), ("HTTP/1.1", "close", true, "close"), ("HTTP/1.1", "Keep-Alive", false, nil),
            ("HTTP/1.1", "foo, CLOSE", true, "close"), ("HTTP/1.1", "keep-alive, close", true, "close"),
            ("HTTP/1.0", "", true, "close"), ("HTTP/1.0", "keep-alive", false, "keep-alive"),
            ("HTTP/1.0", "close", true, "close"),
        ] as [(String, String, Bool, String?)])
    func persistence(version: String, connection: String, closes: Bool, told: String?) {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send("GET /get \(version)\r\nHost: h\r\nConnection: \(connection)\r\n\r\n")
        #expect(embedded.hasEnded == closes)
        #expect(answers(embedded).first?.header("connection") == told)
    }

    @Test("keeps the connection after errors of the request's meaning, not after errors of framing")
    func errors() {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send("GET /missing HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(answers(embedded).map(\.text) == ["{\"error\": \"no such path: /missing\"}\n"] && !embedded.hasEnded)
        embedded.send("GET / HTTP/1.1\r\nHost : h\r\n\r\n" + get)
        let last = answers(embedded).last
        #expect(last?.status == 400 && last?.header("connection") == "close" && embedded.hasEnded)
        #expect(last?.text == "{\"error\": \"a header has white space between its name and the colon\"}\n")
        #expect(answers(embedded).count == 2)
    }

    @Test("sends neither content nor length with 204 and 304, and keeps controls out of fields")
    func noContent() {
        struct Bare: RequestHandler {
            func handle(_ request: borrowing Request, _ responder: Responder) {
                responder.send(.noContent, headers: [HTTPHeader("X-A", "a\r\nB: c")]) { $0.append("not sent") }
            }
        }
        let embedded = EmbeddedConnection(Bare())
        embedded.send(get)
        let output = embedded.takeOutput()
        #expect(output.hasSuffix("X-A: a  B: c\r\n\r\n") && !output.contains("Content-Length"))
    }

    @Test("sends a large answer as the client takes it, and builds no further ones meanwhile")
    func slowReader() {
        let handler = TestHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.transport.writeCapacity = 1000
        let request = "GET /large/100000 HTTP/1.1\r\nHost: h\r\n\r\n"
        embedded.send(request + request + request)
        #expect(handler.seen.count == 1 && embedded.transport.outgoing.count == 1000)
        while answers(embedded).count < 3 {
            let before = embedded.transport.outgoing.count
            embedded.transport.writeCapacity = 7919
            embedded.ready(.writable)
            guard embedded.transport.outgoing.count > before else { break }
        }
        let bodies = answers(embedded).map(\.body)
        let wanted = (0..<100_000).map { UInt8($0 % 251) }
        let areWhole = bodies.allSatisfy { $0 == wanted }
        #expect(bodies.count == 3 && areWhole)
    }

    @Test("closes after as many requests as one connection may bring")
    func requestLimit() {
        var limits = ConnectionLimits()
        limits.maxRequestsPerConnection = 2
        let embedded = EmbeddedConnection(TestHandler(), limits: limits)
        embedded.send(get + get + get)
        #expect(answers(embedded).map { $0.header("connection") } == [nil, "close"] && embedded.hasEnded)
    }

    @Test("reads on after its last answer until the client closes")
    func lingers() {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send("BAD\r\n\r\n" + String(repeating: "x", count: 100_000))
        #expect(embedded.transport.isWriteShut && !embedded.transport.isClosed)
        embedded.send(String(repeating: "x", count: 100_000))
        #expect(embedded.transport.unreadCount == 0)
        embedded.endInput()
        #expect(embedded.transport.isClosed && !embedded.transport.wasReset)
    }

    @Test("writes a large response in turns, so that others are served between them")
    func writesInTurns() {
        let embedded = EmbeddedConnection(TestHandler())
        let body = String(repeating: "x", count: 2_000_000)
        embedded.transport.incoming.append(contentsOf: "POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: 2000000\r\n\r\n\(body)".utf8)
        embedded.readyOnce(.readable)
        var longest = embedded.transport.outgoing.count, turns = 0
        while embedded.connection.wantsTurn, turns < 20 {
            let before = embedded.transport.outgoing.count
            embedded.onLoop { embedded.connection.takeTurn() }
            longest = max(longest, embedded.transport.outgoing.count - before)
            turns += 1
        }
        #expect(longest == 512 * 1024 && turns < 20)
        #expect(answers(embedded).map(\.text) == ["echo \(body)"])
    }

    @Test("counts what it does")
    func counts() {
        let embedded = EmbeddedConnection(TestHandler())
        embedded.send(get + "GET /missing HTTP/1.1\r\nHost: h\r\n\r\nBAD\r\n")
        let statistics = embedded.statistics
        #expect(statistics.requests == 2 && statistics.refusedRequests == 1 && statistics.requestsInFlight == 0)
        #expect(statistics.responses2xx == 1 && statistics.responses4xx == 2 && statistics.responses5xx == 0)
        #expect(statistics.bytesReceived == embedded.transport.incoming.count)
        #expect(statistics.bytesSent == embedded.transport.outgoing.count)
    }
}
