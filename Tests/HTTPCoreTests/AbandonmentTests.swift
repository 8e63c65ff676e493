import HTTPCore
import Logging
import Testing

/// Clients that leave while their request is being handled.
@Suite("Abandonment", .timeLimit(.minutes(1)))
struct AbandonmentTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    private func answers(_ embedded: EmbeddedConnection) -> [ResponseReader.Response] {
        ResponseReader(embedded.transport.outgoing).final
    }

    @Test("is told of a client that closes while its request waits; should it still read, it gets the answer, and then the end")
    func closeWhileWaiting() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get)
        let responder = try #require(handler.takeFirst())
        #expect(!responder.isAbandoned)
        embedded.endInput()
        #expect(responder.isAbandoned && !embedded.hasEnded)
        // The end stays in every further report of readiness.
        embedded.ready([.readable, .writable, .readEnded])
        #expect(embedded.statistics.abandonedRequests == 1 && embedded.statistics.requestsInFlight == 1)
        responder.sendError(.clientClosedRequest, "the client left")
        embedded.deliverResponses()
        #expect(answers(embedded).map(\.status) == [499])
        #expect(answers(embedded).first?.header("connection") == "close")
        #expect(embedded.transport.isClosed && !embedded.transport.wasReset)
        #expect(embedded.statistics.abandonedRequests == 1 && embedded.statistics.requestsInFlight == 0)
    }

    @Test("is counted once for a client that closes and is gone altogether later")
    func closeAndReset() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get)
        embedded.endInput()
        embedded.ready([.readable, .readEnded, .hungUp])
        #expect(embedded.transport.isClosed && embedded.statistics.abandonedRequests == 1)
        #expect(try #require(handler.takeFirst()).isAbandoned)
    }

    @Test("is no matter of a client that half-closes with its request, or behind a further one")
    func deliberateHalfClose() throws {
        for isPipelined in [false, true] {
            let handler = HoldingHandler()
            let embedded = EmbeddedConnection(handler)
            if isPipelined { embedded.send(get) }
            embedded.transport.incoming += Array(get.utf8)
            embedded.endInput()
            embedded.ready([.readable, .writable, .readEnded])
            for _ in 0..<(isPipelined ? 2 : 1) {
                let responder = try #require(handler.takeFirst())
                #expect(!responder.isAbandoned)
                responder.send(.ok)
                embedded.deliverResponses()
            }
            #expect(answers(embedded).map(\.status) == (isPipelined ? [200, 200] : [200]))
            #expect(embedded.transport.isClosed && embedded.statistics.abandonedRequests == 0)
        }
    }

    @Test("leaves a request alone whose client has merely sent more")
    func moreInput() throws {
        let handler = HoldingHandler()
        let embedded = EmbeddedConnection(handler)
        embedded.send(get)
        embedded.send(get)
        #expect(embedded.transport.unreadCount == get.utf8.count)
        #expect(try #require(handler.takeFirst()).isAbandoned == false)
    }

    @Test("is seen on sockets, for a close and for a reset")
    func sockets() async throws {
        for resets in [false, true] {
            let handler = HoldingHandler()
            let server = HTTPServer(
                configuration: HTTPServerConfiguration(listeners: [.tcp(host: "127.0.0.1", port: 0)]), handler: handler,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try server.start()
            var client: LoopbackClient? = try LoopbackClient(#require(server.boundAddresses.first))
            await client?.send(get)
            while handler.count == 0 { await Task.yield() }
            if resets { client?.resetOnClose() }
            client = nil
            let responder = try #require(handler.takeFirst())
            while !responder.isAbandoned { await Task.yield() }
            while server.statistics.abandonedRequests == 0 { await Task.yield() }
            responder.sendError(.clientClosedRequest, "the client left")
            while server.statistics.openConnections > 0 { await Task.yield() }
            #expect(server.statistics.abandonedRequests == 1 && server.statistics.requestsInFlight == 0)
            _ = await server.drain(timeout: .zero)
        }
    }
}
