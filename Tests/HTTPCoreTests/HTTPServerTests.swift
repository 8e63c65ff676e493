import Dispatch
import Glibc
import HTTPCore
import Logging
import Testing

/// The whole server on sockets of the loopback interface.
@Suite("HTTPServer", .timeLimit(.minutes(1)))
struct HTTPServerTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    private func start(
        _ handler: any RequestHandler = TestHandler(), limits: ConnectionLimits = ConnectionLimits(), loopCount: Int = 2
    ) throws -> (server: HTTPServer, address: BoundAddress) {
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(
                listeners: [.tcp(host: "127.0.0.1", port: 0)], limits: limits, loopCount: loopCount),
            handler: handler, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try server.start()
        return (server, try #require(server.boundAddresses.first))
    }

    @Test("answers many connections at once, on every loop, in and out of the loop", arguments: [false, true])
    func serves(hops: Bool) async throws {
        let (server, address) = try start(hops ? HoppingHandler() : TestHandler())
        let clients = try (0..<20).map { _ in try LoopbackClient(address) }
        for round in 0..<10 {
            for (index, client) in clients.enumerated() {
                let body = "\(round).\(index)"
                await client.send("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
        for (index, client) in clients.enumerated() {
            #expect(await client.responses(10).map(\.text) == (0..<10).map { "echo \($0).\(index)" })
        }
        let statistics = withExtendedLifetime(clients) { server.statistics }
        #expect(statistics.acceptedConnections == 20 && statistics.openConnections == 20)
        #expect(statistics.requests == 200 && statistics.responses2xx == 200 && statistics.requestsInFlight == 0)
        _ = await server.drain(timeout: .zero)
    }

    @Test("sends large answers to slow readers whole")
    func slowReaders() async throws {
        let (server, address) = try start(HoppingHandler())
        let client = try LoopbackClient(address, receiveBufferByteCount: 4096)
        await client.send("GET /large/3000000 HTTP/1.1\r\nHost: h\r\n\r\n" + get)
        let responses = await client.responses(2)
        let isWhole = responses.first?.body == (0..<3_000_000).map { UInt8($0 % 251) }
        #expect(isWhole)
        #expect(responses.last?.text == "hello\n")
        _ = await server.drain(timeout: .zero)
    }

    @Test("takes large bodies, plain and chunked")
    func largeBodies() async throws {
        let (server, address) = try start()
        let client = try LoopbackClient(address)
        let body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 % 253) }
        await client.send(Array("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
        let isPlainWhole = await client.responses(1).first?.body == Array("echo ".utf8) + body
        #expect(isPlainWhole)
        await client.send("POST /post HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in stride(from: 0, to: body.count, by: 100_000) {
            await client.send(Array("\(String(100_000, radix: 16))\r\n".utf8) + body[start..<start + 100_000] + [13, 10])
        }
        await client.send("0\r\n\r\n")
        let isChunkedWhole = await client.responses(2).last?.body == Array("echo ".utf8) + body
        #expect(isChunkedWhole)
        _ = await server.drain(timeout: .zero)
    }

    @Test("answers a client that half-closes and ends the connection cleanly")
    func halfClose() async throws {
        let (server, address) = try start(HoppingHandler())
        let client = try LoopbackClient(address)
        await client.send(get + get)
        client.endInput()
        await client.receiveToEnd()
        #expect(ResponseReader(client.received).final.map(\.status) == [200, 200] && !client.wasReset)
        _ = await server.drain(timeout: .zero)
    }

    @Test("names the address and the next step when a port is in use, and keeps no socket of a failed start")
    func portInUse() async throws {
        let (server, address) = try start()
        let other = HTTPServer(
            configuration: HTTPServerConfiguration(
                listeners: [.tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: address.port)]),
            handler: TestHandler(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = #expect(throws: SocketError.self) { try other.start() }
        #expect(error?.errno == EADDRINUSE)
        #expect(
            error?.description
                == "address already in use: 127.0.0.1:\(address.port); stop the other process or choose another port")
        #expect(other.boundAddresses.isEmpty)
        _ = await server.drain(timeout: .zero)
    }

    @Test("serves several listeners at once")
    func severalListeners() async throws {
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(
                listeners: [.tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.2", port: 0)]),
            handler: TestHandler(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try server.start()
        #expect(server.boundAddresses.map(\.host) == ["127.0.0.1", "127.0.0.2"])
        for address in server.boundAddresses {
            let client = try LoopbackClient(address)
            await client.send(get)
            #expect(await client.responses(1).map(\.status) == [200])
        }
        _ = await server.drain(timeout: .zero)
        for address in server.boundAddresses {
            #expect(throws: SocketError.self) { try LoopbackClient(address) }
        }
    }

    @Test("explains a host that does not exist")
    func badHost() {
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(listeners: [.tcp(host: "300.300.300.300", port: 0)]),
            handler: TestHandler(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let error = #expect(throws: SocketError.self) { try server.start() }
        #expect(error?.description.contains("cannot resolve \"300.300.300.300\"") == true)
    }

    @Test("a server that leaves serves new connections, each of which ends with its response")
    func leaving() async throws {
        let (server, address) = try start()
        let kept = try LoopbackClient(address)
        await kept.send(get)
        #expect(await kept.responses(1).map { $0.header("connection") } == [nil])
        server.beginLeaving()
        // A loop takes its mail in order, so that what answers now has left.
        while server.askLoops() != [true, true] { await Task.yield() }
        while server.askLoops() != [true, true] { await Task.yield() }
        for client in [kept, try LoopbackClient(address)] {
            await client.send(get)
            await client.receiveToEnd()
            let last = ResponseReader(client.received).final.last
            #expect(last?.status == 200 && last?.header("connection") == "close")
        }
        _ = await server.drain(timeout: .zero)
    }

    @Test("a loop that does not take its mail gives no sign of life")
    func pulse() async throws {
        struct Blocking: RequestHandler {
            let gate: DispatchSemaphore
            func handle(_ request: borrowing Request, _ responder: Responder) {
                gate.wait()
                responder.send(.ok)
            }
        }
        let gate = DispatchSemaphore(value: 0)
        let (server, address) = try start(Blocking(gate: gate), loopCount: 1)
        #expect(server.askLoops() == [true])
        while server.askLoops() != [true] { await Task.yield() }
        let client = try LoopbackClient(address)
        await client.send(get)
        while server.statistics.requestsInFlight == 0 { await Task.yield() }
        while server.askLoops() == [true] { await Task.yield() }
        for _ in 0..<100 { #expect(server.askLoops() == [false]) }
        gate.signal()
        while server.askLoops() != [true] { await Task.yield() }
        _ = await server.drain(timeout: .zero)
    }

    @Test("turns connections away beyond the limits, in all or from one client, with a whole answer", arguments: [true, false])
    func connectionLimits(perPeer: Bool) async throws {
        var limits = ConnectionLimits()
        if perPeer { limits.maxConnectionsPerPeer = 2 } else { limits.maxConnections = 2 }
        let (server, address) = try start(limits: limits)
        var clients = try (0..<2).map { _ in try LoopbackClient(address) }
        for client in clients {
            await client.send(get)
            #expect(await client.responses(1).map(\.status) == [200])
        }
        let refused = try LoopbackClient(address)
        await refused.receiveToEnd()
        let answer = try #require(ResponseReader(refused.received).final.first)
        #expect(answer.status == 503 && answer.header("retry-after") == "1" && answer.text.hasSuffix("try later\"}\n"))
        #expect(server.statistics.refusedConnections == 1)
        clients.removeLast()
        // The server notices the free place when it has read the close; until then it may refuse.
        var status = 503
        while status == 503 {
            let client = try LoopbackClient(address)
            await client.send(get)
            status = await client.responses(1).first?.status ?? 503
        }
        #expect(status == 200)
        _ = await server.drain(timeout: .zero)
    }

    @Test("drains: answers what is in flight, tells clients to go, and then refuses")
    func drains() async throws {
        let handler = HoldingHandler()
        let (server, address) = try start(handler)
        let busy = try (0..<4).map { _ in try LoopbackClient(address) }
        for client in busy { await client.send(get) }
        while handler.count < 4 { await Task.yield() }
        let resting = try LoopbackClient(address)
        async let result = server.drain(timeout: .seconds(10))
        await resting.receiveToEnd()
        #expect(!resting.wasReset)
        while let responder = handler.takeFirst() { responder.send(.ok) { $0.append("done") } }
        for client in busy {
            await client.receiveToEnd()
            let responses = ResponseReader(client.received).final
            #expect(responses.map(\.text) == ["done"] && responses.first?.header("connection") == "close" && !client.wasReset)
            client.endInput()
        }
        let drained = await result
        #expect(drained.cutRequests == 0)
        #expect(server.statistics.responses2xx == 4)
        #expect(throws: SocketError.self) { try LoopbackClient(address) }
    }

    @Test("cuts and counts what is not answered when the drain's time is over")
    func cuts() async throws {
        let handler = HoldingHandler()
        let (server, address) = try start(handler)
        let clients = try (0..<3).map { _ in try LoopbackClient(address) }
        for client in clients { await client.send(get) }
        while handler.count < 3 { await Task.yield() }
        let result = await server.drain(timeout: .milliseconds(100))
        #expect(result.cutRequests == 3 && result.cutConnections == 3)
        for client in clients {
            await client.receiveToEnd()
            #expect(client.received.isEmpty)
        }
        // Answers that come too late go nowhere and harm nothing.
        while let responder = handler.takeFirst() { responder.send(.ok) }
    }

    @Test("serves what the kernel had accepted when the drain began")
    func acceptedBeforeDrain() async throws {
        var limits = ConnectionLimits()
        // However slow the machine is, the requests come within the grace.
        limits.drainGrace = .seconds(60)
        for _ in 0..<5 {
            let (server, address) = try start(limits: limits)
            let clients = try (0..<50).map { _ in try LoopbackClient(address) }
            server.stopAccepting()
            for client in clients { await client.send(get) }
            async let result = server.drain(timeout: .seconds(60))
            for client in clients {
                #expect(await client.responses(1).map(\.status) == [200])
                client.endInput()
            }
            #expect(await result.cutRequests == 0)
        }
    }
}
