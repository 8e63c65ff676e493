import COpenSSL
import Glibc
import HTTPCore
import Logging
import Testing

/// A connection whose transport is encrypted, and OpenSSL's client at the other end of a pair of sockets; no loop, no
/// clock but the test's.
final class TLSLink {
    let context: ConnectionContext
    let connection: Connection
    let client: TLSClient
    /// The server's end.
    private let descriptor: Int32

    init(
        _ tls: TLSContext, _ options: TLSClient.Options = TLSClient.Options(), handler: any RequestHandler = TestHandler(),
        limits: ConnectionLimits = ConnectionLimits()
    ) throws {
        context = ConnectionContext(
            limits: limits, serverName: "apus", handler: handler, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: MonotonicInstant(nanoseconds: 1_000_000_000)
        ) {}
        context.beginTurn(at: context.now, wallNanoseconds: 784_111_777_000_000_000)
        let (ours, theirs) = try Self.socketPair()
        client = try TLSClient(over: theirs, options)
        descriptor = ours
        connection = Connection(try tls.makeTransport(over: ours), peer: .none, context: context)
    }

    private static func socketPair() throws -> (Int32, Int32) {
        var pair: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &pair) == 0 else { throw SocketError(.watch, "a pair of sockets", errno: errno) }
        return (pair[0], pair[1])
    }

    /// Gives the server one turn in which the socket is ready for everything.
    func serve() {
        context.enter()
        context.handshakes.renew()
        connection.ready([.readable, .writable])
        var turns = 0
        while connection.wantsTurn, turns < 100 {
            context.handshakes.renew()
            connection.takeTurn()
            turns += 1
        }
        context.leave()
    }

    /// Lets time pass and the connection act on it.
    func advance(by duration: Duration) {
        context.beginTurn(at: context.now + duration)
        context.enter()
        context.handshakes.renew()
        connection.deadlinePassed()
        context.leave()
    }

    /// Moves both sides until the client has done its part, or cannot.
    @discardableResult
    func complete(_ step: () -> TLSClient.Outcome) -> TLSClient.Outcome {
        for _ in 0..<10_000 {
            let outcome = step()
            if outcome != .waits { return outcome }
            serve()
        }
        return .waits
    }

    @discardableResult
    func shakeHands() -> TLSClient.Outcome { complete { client.shakeHands() } }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        let outcome = complete {
            let (count, outcome) = client.write(bytes[sent...])
            sent += count
            return outcome == .done && sent < bytes.count ? .waits : outcome
        }
        #expect(outcome == .done)
        serve()
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Sends bytes that are not encrypted.
    func sendRaw(_ bytes: [UInt8]) {
        let count = Glibc.send(client.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        #expect(count == bytes.count)
        serve()
    }

    /// Ends the client's side of the socket with no word of TLS.
    func cutOutput() {
        shutdown(client.descriptor, Int32(SHUT_WR))
        serve()
    }

    /// What the server has sent as it lies on the wire.
    func receiveRaw() -> [UInt8] { Self.receive(client.descriptor) }

    /// What the client has sent, taken away before the server sees it.
    func interceptRaw() -> [UInt8] { Self.receive(descriptor) }

    private static func receive(_ descriptor: Int32) -> [UInt8] {
        var space = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &space, space.count, 0)
        return Array(space.prefix(max(0, count)))
    }

    /// Reads until there are `count` responses or the connection ends.
    func responses(_ count: Int) -> [ResponseReader.Response] {
        complete {
            let outcome = client.read()
            return outcome == .done && ResponseReader(client.received).final.count < count ? .waits : outcome
        }
        return ResponseReader(client.received).final
    }

    /// Reads until the server ends the connection.
    func receiveToEnd() -> TLSClient.Outcome {
        complete {
            let outcome = client.read()
            return outcome == .done ? .waits : outcome
        }
    }

    var statistics: ServerStatistics {
        var sum = ServerStatistics()
        context.counters.addSnapshot(to: &sum)
        return sum
    }
}

extension TLSContext {
    /// With fixtures by name.
    static func fixture(
        _ server: String = "server-ec", clients verification: TLSConfiguration.ClientVerification = .none
    ) throws -> TLSContext {
        try TLSContext(.fixture(server, clients: verification))
    }
}

extension TLSConfiguration {
    static func fixture(
        _ server: String = "server-ec", key: String? = nil, clients verification: ClientVerification = .none
    ) -> TLSConfiguration {
        TLSConfiguration(
            certificateFile: TLSFixture.path("\(server).pem"), keyFile: TLSFixture.path("\(key ?? server).key"),
            clientCAFile: verification == .none ? nil : TLSFixture.path("ca.pem"), clientVerification: verification)
    }
}
