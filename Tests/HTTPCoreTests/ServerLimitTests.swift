import HTTPCore
import Testing

/// What all loops of a server allow together.
@Suite("Limits of a server", .timeLimit(.minutes(1)))
struct ServerLimitTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test("answers a request beyond those that may be under way with 503 at once, and keeps its connection")
    func inFlight() async throws {
        let handler = HoldingHandler()
        var limits = ConnectionLimits()
        limits.maxRequestsInFlight = 2
        let server = try startServer(handler: handler, limits: limits)
        let address = try #require(server.boundAddresses.first)
        let busy = try (0..<2).map { _ in try LoopbackClient(address) }
        for client in busy { await client.send(get) }
        while handler.count < 2 { await Task.yield() }
        // By turns on either loop: the places are counted over both.
        let others = try (0..<2).map { _ in try LoopbackClient(address) }
        for client in others {
            await client.send(get + "HEAD /get HTTP/1.1\r\nHost: h\r\n\r\n")
            let answers = await client.responses(2, methods: ["GET", "HEAD"])
            #expect(answers.map(\.status) == [503, 503])
            #expect(answers.allSatisfy { $0.header("retry-after") == "1" && $0.header("connection") == nil })
            #expect(answers.first?.text == "{\"error\": \"the server has as many requests under way as it may; try later\"}\n")
        }
        let statistics = server.statistics
        #expect(statistics.requests == 2 && statistics.requestsInFlight == 2)
        #expect(statistics.refusedRequests == 4 && statistics.responses5xx == 4)

        while let responder = handler.takeFirst() { responder.send(.ok) }
        for client in busy { #expect(await client.responses(1).map(\.status) == [200]) }
        for client in others {
            await client.send(get)
            while handler.count < 1 { await Task.yield() }
            handler.takeFirst()?.send(.ok)
            #expect(await client.responses(3, methods: ["GET", "HEAD"]).last?.status == 200)
        }
        _ = await server.drain(timeout: .zero)
    }

    @Test("gives the place of a request back when its client leaves")
    func placesOfTheGone() async throws {
        let handler = HoldingHandler()
        var limits = ConnectionLimits()
        limits.maxRequestsInFlight = 1
        let server = try startServer(handler: handler, limits: limits)
        let address = try #require(server.boundAddresses.first)
        for round in 1...3 {
            let client = try LoopbackClient(address)
            await client.send(get)
            while handler.count < round { await Task.yield() }
            client.reset()
            while server.statistics.abandonedRequests < round { await Task.yield() }
        }
        #expect(server.statistics.requests == 3 && server.statistics.refusedRequests == 0)
        _ = await server.drain(timeout: .zero)
    }

    @Test("lets a handler answer some requests in spite of the limit")
    func exempt() {
        struct Health: RequestHandler {
            let held = HoldingHandler()

            func handle(_ request: borrowing Request, _ responder: Responder) {
                if answersBeyondLimit(request) { responder.send(.ok) } else { held.handle(request, responder) }
            }

            func answersBeyondLimit(_ request: borrowing Request) -> Bool { request.path.elementsEqual("/healthz".utf8) }
        }
        var limits = ConnectionLimits()
        limits.maxRequestsInFlight = 1
        let handler = Health()
        let first = EmbeddedConnection(handler, limits: limits)
        first.send(get)
        let second = EmbeddedConnection(handler, sharing: first)
        second.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" + get + "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
        #expect(ResponseReader(second.transport.outgoing).final.map(\.status) == [200, 503, 200])
        handler.held.takeFirst()?.send(.ok)
        first.deliverResponses()
        second.send(get)
        #expect(handler.held.count == 1)
    }

    @Test("counts connections by client: an address of IPv4, whatever its ports")
    func perPeer() async throws {
        var limits = ConnectionLimits()
        limits.maxConnectionsPerPeer = 1
        let server = try startServer(limits: limits)
        let address = try #require(server.boundAddresses.first)
        let one = try LoopbackClient(address, from: "127.0.0.1")
        let other = try LoopbackClient(address, from: "127.0.0.2")
        for client in [one, other] {
            await client.send(get)
            #expect(await client.responses(1).map(\.status) == [200])
        }
        for source in ["127.0.0.1", "127.0.0.2"] {
            let refused = try LoopbackClient(address, from: source)
            #expect(await refused.responses(1).map(\.status) == [503])
        }
        #expect(withExtendedLifetime([one, other]) { server.statistics.openConnections } == 2)
        _ = await server.drain(timeout: .zero)
    }

    @Test("says in the log that clients are turned away, but not for each of them")
    func logged() async throws {
        var limits = ConnectionLimits()
        limits.maxConnections = 0
        let log = LogRecorder()
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(listeners: [.tcp(host: "127.0.0.1", port: 0)], limits: limits),
            handler: TestHandler(), logger: log.logger)
        try server.start()
        let address = try #require(server.boundAddresses.first)
        for _ in 0..<50 { await (try LoopbackClient(address)).receiveToEnd() }
        let lines = log.lines.filter { $0.hasPrefix("clients are turned away: as many connections are open as may be") }
        #expect((1..<50).contains(lines.count))
        #expect(server.statistics.refusedConnections == 50)
        _ = await server.drain(timeout: .zero)
    }

    @Test("lets a client that has sent its request already read why it is turned away")
    func refusedAfterRequest() async throws {
        var limits = ConnectionLimits()
        limits.maxConnections = 0
        let server = try startServer(limits: limits)
        let address = try #require(server.boundAddresses.first)
        for _ in 0..<50 {
            let client = try LoopbackClient(address)
            await client.send(get)
            await client.receiveToEnd()
            #expect(ResponseReader(client.received).final.map(\.status) == [503])
        }
        #expect(server.statistics.refusedConnections == 50)
        _ = await server.drain(timeout: .zero)
    }
}
