import Glibc
import HTTPCore
import Synchronization
import Testing

/// Several ways in at once, and what their transports may do.
@Suite("Listeners", .timeLimit(.minutes(1)))
struct ListenerTests {
    private let get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n"

    private static let hasIPv6 = (try? TestSocket(BoundAddress(host: "::1", port: 0))) != nil

    private func answers(at address: BoundAddress) async throws -> Bool {
        let client = try LoopbackClient(address)
        await client.send(get)
        return await client.responses(1).map(\.status) == [200]
    }

    @Test("of every kind serve at once")
    func allKinds() async throws {
        let folder = try TemporaryFolder()
        let handed = try TestSocket(BoundAddress(host: "127.0.0.1", port: 0))
        let descriptor = try TestSocket.handOver([handed])
        var listeners: [ListenerConfiguration] = [
            .tcp(host: "127.0.0.1", port: 0), .unix(path: folder.file("a")), .unix(path: folder.file("b"), mode: 0o600),
            ListenerConfiguration(.inherited(descriptor: descriptor, name: "http")),
        ]
        if Self.hasIPv6 { listeners.append(.tcp(host: "::1", port: 0)) }
        let server = try startServer(listeners)
        #expect(server.boundAddresses.count == listeners.count)
        for _ in 0..<3 {
            for address in server.boundAddresses { #expect(try await answers(at: address), "\(address)") }
        }
        #expect(server.statistics.requests == 3 * listeners.count)
        _ = await server.drain(timeout: .seconds(10))
        #expect(server.statistics.openConnections == 0)
        for address in server.boundAddresses where address.inheritedName == nil {
            #expect(throws: SocketError.self) { try LoopbackClient(address) }
        }
    }

    @Test("take IPv6 addresses with brackets and without", .enabled(if: hasIPv6), arguments: ["::1", "[::1]"])
    func brackets(host: String) async throws {
        let server = try startServer([.tcp(host: host, port: 0)])
        let address = try #require(server.boundAddresses.first)
        #expect(address.host == "::1" && address.description == "[::1]:\(address.port)")
        #expect(try await answers(at: address))
        _ = await server.drain(timeout: .zero)
    }

    @Test("on :: take IPv4 as well", .enabled(if: hasIPv6))
    func dualStack() async throws {
        let server = try startServer([.tcp(host: "[::]", port: 0)])
        let port = try #require(server.boundAddresses.first).port
        #expect(try await answers(at: BoundAddress(host: "127.0.0.1", port: port)))
        #expect(try await answers(at: BoundAddress(host: "::1", port: port)))
        let error = #expect(throws: SocketError.self) { try startServer([.tcp(host: "::", port: port)]) }
        #expect(
            error?.description
                == "address already in use: [::]:\(port), which takes IPv4 as well; stop the other process or choose another port")
        _ = await server.drain(timeout: .zero)
    }

    @Test("refuse hosts that name nothing", arguments: ["", "[]", "[127.0.0.1]", "[localhost]", "127.0.0.1\0", "a host", "::1::2"])
    func badHosts(host: String) {
        let error = #expect(throws: SocketError.self) { try startServer([.tcp(host: host, port: 0)]) }
        #expect(error?.operation == .resolve && error?.description.hasPrefix("cannot resolve \"\(host)\": ") == true)
    }

    @Test("tell that an address is not the machine's own")
    func foreignAddress() {
        // RFC 5737: an address for documentation.
        let error = #expect(throws: SocketError.self) { try startServer([.tcp(host: "192.0.2.1", port: 0)]) }
        #expect(error?.errno == EADDRNOTAVAIL && error?.description.hasPrefix("192.0.2.1:0 is not an address of this machine") == true)
    }

    /// Counts what it makes, and may refuse to.
    private final class CountingFactory: TransportFactory {
        let made = Atomic(0)
        let fails: Bool
        let acceptsClearText: Bool

        init(fails: Bool = false, acceptsClearText: Bool = true) {
            self.fails = fails
            self.acceptsClearText = acceptsClearText
        }

        func makeTransport(over descriptor: Int32) throws(TransportError) -> any Transport {
            made.add(1, ordering: .relaxed)
            guard fails else { return try PlainTransportFactory().makeTransport(over: descriptor) }
            close(descriptor)
            throw TransportError("no keys")
        }
    }

    @Test("make the transports of their own connections, on every loop")
    func transports() async throws {
        let factories = [CountingFactory(), CountingFactory()]
        let server = try startServer(factories.map { .tcp(host: "127.0.0.1", port: 0, transport: $0) })
        for (index, address) in server.boundAddresses.enumerated() {
            for _ in 0..<(3 + index) { #expect(try await answers(at: address)) }
        }
        #expect(factories.map { $0.made.load(ordering: .relaxed) } == [3, 4])
        _ = await server.drain(timeout: .zero)
    }

    @Test("close a connection that gets no transport, and give its place back")
    func failingTransport() async throws {
        var limits = ConnectionLimits()
        limits.maxConnections = 1
        let factory = CountingFactory(fails: true)
        let server = try startServer([.tcp(host: "127.0.0.1", port: 0, transport: factory)], limits: limits, loopCount: 1)
        let address = try #require(server.boundAddresses.first)
        for _ in 0..<5 {
            let client = try LoopbackClient(address)
            await client.receiveToEnd()
            #expect(client.received.isEmpty && client.hasEnded)
        }
        #expect(factory.made.load(ordering: .relaxed) == 5)
        while server.statistics.openConnections > 0 { await Task.yield() }
        #expect(server.statistics.refusedConnections == 0)
        _ = await server.drain(timeout: .zero)
    }

    @Test("send no clear text to clients that expect none")
    func noClearText() async throws {
        var limits = ConnectionLimits()
        limits.maxConnections = 0
        let factory = CountingFactory(acceptsClearText: false)
        let server = try startServer([.tcp(host: "127.0.0.1", port: 0, transport: factory)], limits: limits)
        let client = try LoopbackClient(try #require(server.boundAddresses.first))
        await client.receiveToEnd()
        #expect(client.received.isEmpty && client.hasEnded)
        #expect(server.statistics.refusedConnections == 1 && factory.made.load(ordering: .relaxed) == 0)
        _ = await server.drain(timeout: .zero)
    }
}
