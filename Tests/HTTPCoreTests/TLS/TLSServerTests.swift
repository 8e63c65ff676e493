import HTTPCore
import Logging
import Testing

/// The whole server with encrypted listeners, on sockets of the loopback interface.
@Suite("HTTPServer with TLS", .timeLimit(.minutes(1)))
struct TLSServerTests {
    private static let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    /// A slow machine with sanitizers is no slow client.
    private static var patient: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.headTimeout = .seconds(60)
        limits.bodyTimeout = .seconds(60)
        limits.writeTimeout = .seconds(60)
        return limits
    }

    private func start(
        _ tls: TLSContext, handler: any RequestHandler = TestHandler(), limits: ConnectionLimits = Self.patient
    ) throws -> (server: HTTPServer, address: BoundAddress) {
        let server = try startServer([.tcp(host: "127.0.0.1", port: 0, transport: tls)], handler: handler, limits: limits)
        return (server, try #require(server.boundAddresses.first))
    }

    @Test("answers many connections at once, on every loop, in and out of the loop", arguments: [false, true])
    func serves(hops: Bool) async throws {
        let (server, address) = try start(.fixture(), handler: hops ? HoppingHandler() : TestHandler())
        let clients = try (0..<12).map { _ in try TLSLoopbackClient(address) }
        for client in clients { #expect(await client.shakeHands() == .done) }
        for round in 0..<10 {
            for (index, client) in clients.enumerated() {
                let body = "\(round).\(index)"
                await client.send("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
        for (index, client) in clients.enumerated() {
            #expect(await client.responses(10).map(\.text) == (0..<10).map { "echo \($0).\(index)" })
        }
        let result = await server.drain(timeout: .zero)
        #expect(result.cutRequests == 0)
    }

    @Test("carries bodies of several megabytes both ways, and more requests behind them")
    func largeBodies() async throws {
        let (server, address) = try start(.fixture("server-rsa"))
        let client = try TLSLoopbackClient(address)
        let body = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 % 253) }
        for count in 1...2 {
            await client.send(Array("POST /post HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)
            let isWhole = await client.responses(count).last?.body == Array("echo ".utf8) + body
            #expect(isWhole)
        }
        await client.send(Self.get + Self.get)
        #expect(await client.responses(4).map(\.status) == [200, 200, 200, 200])
        _ = await server.drain(timeout: .zero)
    }

    @Test("sends large answers to slow readers whole")
    func slowReader() async throws {
        let (server, address) = try start(.fixture())
        let client = try TLSLoopbackClient(address, receiveBufferByteCount: 4096)
        await client.send("GET /large/3000000 HTTP/1.1\r\nHost: h\r\n\r\n" + Self.get)
        let responses = await client.responses(2)
        let isWhole = responses.first?.body == (0..<3_000_000).map { UInt8($0 % 251) }
        #expect(isWhole)
        #expect(responses.last?.text == "hello\n")
        _ = await server.drain(timeout: .zero)
    }

    @Test("takes requests in records of one byte")
    func tinyRecords() async throws {
        let (server, address) = try start(.fixture())
        let client = try TLSLoopbackClient(address)
        for byte in (Self.get + Self.get).utf8 { await client.send([byte]) }
        #expect(await client.responses(2).map(\.text) == ["hello\n", "hello\n"])
        _ = await server.drain(timeout: .zero)
    }

    @Test("serves plain and encrypted listeners at once")
    func bothKinds() async throws {
        let server = try startServer([
            .tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: 0, transport: try TLSContext.fixture()),
        ])
        let addresses = server.boundAddresses
        let plain = try LoopbackClient(addresses[0])
        let encrypted = try TLSLoopbackClient(addresses[1])
        let mistaken = try LoopbackClient(addresses[1])
        await plain.send(Self.get)
        await encrypted.send(Self.get)
        await mistaken.send(Self.get)
        #expect(await plain.responses(1).map(\.status) == [200])
        #expect(await encrypted.responses(1).map(\.status) == [200])
        await mistaken.receiveToEnd()
        #expect(ResponseReader(mistaken.received).final.map(\.status) == [400] && !mistaken.wasReset)
        #expect(server.statistics.failedHandshakes == 1)
        _ = await server.drain(timeout: .zero)
    }

    @Test("tells browsers to stay encrypted when that is wanted, over encrypted connections alone", arguments: [false, true])
    func strictTransportSecurity(isWanted: Bool) async throws {
        let listeners: [ListenerConfiguration] = [
            .tcp(host: "127.0.0.1", port: 0), .tcp(host: "127.0.0.1", port: 0, transport: try TLSContext.fixture()),
        ]
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(
                listeners: listeners, loopCount: 1, strictTransportSecurity: isWanted ? .seconds(31_536_000) : nil),
            handler: TestHandler(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try server.start()
        let plain = try LoopbackClient(server.boundAddresses[0])
        let encrypted = try TLSLoopbackClient(server.boundAddresses[1])
        await plain.send(Self.get)
        await encrypted.send(Self.get)
        let plainAnswer = try #require(await plain.responses(1).first)
        let encryptedAnswer = try #require(await encrypted.responses(1).first)
        #expect(plainAnswer.header("strict-transport-security") == nil)
        #expect(encryptedAnswer.header("strict-transport-security") == (isWanted ? "max-age=31536000" : nil))
        #expect(encryptedAnswer.header("x-content-type-options") == "nosniff")
        _ = await server.drain(timeout: .zero)
    }

    @Test("reloads the certificate without losing a connection")
    func reload() async throws {
        let tls = try TLSContext.fixture("server-ec")
        let (server, address) = try start(tls)
        let old = try TLSLoopbackClient(address)
        await old.send(Self.get)
        #expect(await old.responses(1).map(\.status) == [200])
        try tls.commit(TLSContext.prepare(.fixture("server-rsa")))
        let new = try TLSLoopbackClient(address)
        for client in [old, new] { await client.send(Self.get) }
        #expect(await old.responses(2).map(\.status) == [200, 200] && old.serverName == "server-ec")
        #expect(await new.responses(1).map(\.status) == [200] && new.serverName == "server-rsa")
        _ = await server.drain(timeout: .zero)
    }

    @Test("tells handlers who the client has proven to be")
    func subject() async throws {
        let (server, address) = try start(.fixture(clients: .optional), handler: SubjectHandler())
        for (certificate, text) in [(nil, "nobody"), ("client", "CN=cli\\C3\\ABnt-7,OU=a\\+b\\, c,O=Apus Tests")] {
            let client = try TLSLoopbackClient(address, TLSClient.Options(certificate: certificate))
            await client.send(Self.get)
            #expect(await client.responses(1).map(\.text) == [text])
        }
        _ = await server.drain(timeout: .zero)
    }

    @Test("serves a client in conversation while fifty others shake hands, and all of these in the end")
    func flood() async throws {
        let (server, address) = try start(.fixture("server-rsa"))
        let good = try TLSLoopbackClient(address)
        #expect(await good.shakeHands() == .done)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    let client = try TLSLoopbackClient(address)
                    await client.send(Self.get)
                    return await client.responses(1).map(\.status) == [200]
                }
            }
            for count in 1...50 {
                await good.send(Self.get)
                #expect(await good.responses(count).count == count)
            }
            for try await isServed in group { #expect(isServed) }
        }
        #expect(server.statistics.requests == 100)
        _ = await server.drain(timeout: .zero)
    }

    @Test("lets go of clients that connect and say nothing, or too little, at the time of a head")
    func slowHandshakes() async throws {
        var limits = ConnectionLimits()
        limits.headTimeout = .milliseconds(200)
        limits.lingerTimeout = .milliseconds(200)
        let (server, address) = try start(.fixture(), limits: limits)
        let silent = try LoopbackClient(address)
        let slow = try LoopbackClient(address)
        await slow.send([22, 3, 1, 2, 0, 1, 0])
        await silent.receiveToEnd()
        await slow.receiveToEnd()
        #expect(silent.received.isEmpty && slow.received.isEmpty)
        let good = try TLSLoopbackClient(address)
        await good.send(Self.get)
        #expect(await good.responses(1).map(\.status) == [200])
        _ = await server.drain(timeout: .zero)
    }

    @Test("turns connections away beyond the limit without a word in the clear")
    func connectionLimit() async throws {
        var limits = Self.patient
        limits.maxConnections = 1
        let (server, address) = try start(.fixture(), limits: limits)
        let first = try TLSLoopbackClient(address)
        await first.send(Self.get)
        #expect(await first.responses(1).map(\.status) == [200])
        let second = try LoopbackClient(address)
        await second.receiveToEnd()
        #expect(second.received.isEmpty && server.statistics.refusedConnections == 1)
        _ = await server.drain(timeout: .zero)
    }

    @Test("notices a client that leaves while its request waits")
    func abandonment() async throws {
        let handler = HoldingHandler()
        let (server, address) = try start(.fixture(), handler: handler)
        var client: TLSLoopbackClient? = try TLSLoopbackClient(address)
        await client?.send(Self.get)
        while handler.count == 0 { await Task.yield() }
        client = nil
        let responder = try #require(handler.takeFirst())
        while !responder.isAbandoned { await Task.yield() }
        responder.send(.ok)
        _ = await server.drain(timeout: .seconds(5))
        #expect(server.statistics.abandonedRequests == 1)
    }

    @Test("a drain answers what is under way and says that it ends")
    func drain() async throws {
        let handler = HoldingHandler()
        let (server, address) = try start(.fixture(), handler: handler)
        let client = try TLSLoopbackClient(address)
        await client.send(Self.get)
        while handler.count == 0 { await Task.yield() }
        server.stopAccepting()
        let responder = try #require(handler.takeFirst())
        responder.send(.ok) { $0.append("late\n") }
        #expect(await client.receiveToEnd() == .ended)
        #expect(ResponseReader(client.received).final.map(\.text) == ["late\n"])
        _ = await server.drain(timeout: .seconds(5))
    }
}

/// Answers who the client has proven to be.
private struct SubjectHandler: RequestHandler {
    func handle(_ request: borrowing Request, _ responder: Responder) {
        let subject = request.clientSubject ?? "nobody"
        responder.send(.ok) { $0.append(subject) }
    }
}
