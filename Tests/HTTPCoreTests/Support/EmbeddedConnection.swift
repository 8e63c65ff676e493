import HTTPCore
import Logging

/// A connection without a socket, a loop or a clock: bytes go in, bytes come out, time is set by the test.
final class EmbeddedConnection {
    let context: ConnectionContext
    let connection: Connection
    let transport: MemoryTransport

    init(_ handler: any RequestHandler, limits: ConnectionLimits = ConnectionLimits(), isDraining: Bool = false) {
        context = ConnectionContext(
            limits: limits, serverName: "apus", handler: handler, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: MonotonicInstant(nanoseconds: 1_000_000_000)
        ) {}
        context.isDraining = isDraining
        transport = MemoryTransport()
        context.beginTurn(at: context.now, wallNanoseconds: 784_111_777_000_000_000)
        connection = Connection(transport, peer: .none, context: context)
    }

    /// A further connection of the loop that the other one has.
    init(_ handler: any RequestHandler, sharing other: EmbeddedConnection) {
        context = other.context
        transport = MemoryTransport()
        connection = Connection(transport, peer: .none, context: context)
    }

    /// Gives the connection bytes and everything they lead to.
    func send(_ bytes: some Sequence<UInt8>) {
        transport.incoming.append(contentsOf: bytes)
        ready(.readable)
    }

    func send(_ text: String) { send(text.utf8) }

    /// Half-closes as a client does.
    func endInput() {
        transport.inputEnds = true
        ready([.readable, .readEnded])
    }

    func ready(_ readiness: Readiness) {
        readyOnce(readiness)
        takeTurns()
    }

    /// As a loop does whose other connections have their turns before this one's next.
    func readyOnce(_ readiness: Readiness) { onLoop { connection.ready(readiness) } }

    func takeTurns() {
        onLoop { while connection.wantsTurn { connection.takeTurn() } }
    }

    /// Lets time pass, calling the connection when its deadline comes, as a loop does.
    func advance(by duration: Duration) {
        let end = context.now + duration
        while connection.deadline <= end {
            context.beginTurn(at: max(context.now, connection.deadline))
            onLoop { connection.deadlinePassed() }
        }
        context.beginTurn(at: end)
    }

    /// Has the server drain.
    func beginDrain() {
        onLoop {
            context.isDraining = true
            connection.beginDrain()
        }
    }

    /// Delivers what other threads have answered.
    func deliverResponses() {
        onLoop { context.deliverResponses() }
        takeTurns()
    }

    /// Waits for large requests, and for those that come into their own by the answers.
    func settle(_ lane: LaneHandler) {
        while statistics.requestsInFlight > 0 {
            lane.finish()
            deliverResponses()
        }
    }

    func onLoop(_ body: () -> Void) {
        context.enter()
        body()
        context.leave()
    }

    /// What the connection has written, taken away.
    func takeOutput() -> String {
        defer { transport.outgoing = [] }
        return String(decoding: transport.outgoing, as: UTF8.self)
    }

    /// Whether the client has been told that nothing more will come.
    var hasEnded: Bool { transport.isWriteShut || transport.isClosed }

    var statistics: ServerStatistics {
        var sum = ServerStatistics()
        context.counters.addSnapshot(to: &sum)
        return sum
    }
}

/// The two ends of a stream in memory.
final class MemoryTransport: Transport {
    var incoming: [UInt8] = []
    private var readOffset = 0
    var inputEnds = false
    var outgoing: [UInt8] = []
    /// How many bytes the client takes before it has to be asked again.
    var writeCapacity = Int.max
    private(set) var isWriteShut = false
    private(set) var isClosed = false
    private(set) var wasReset = false

    let shortReadMeansEmpty = true

    func read(into space: UnsafeMutableRawBufferPointer) -> TransportResult {
        let count = min(space.count, incoming.count - readOffset)
        guard count > 0 else { return inputEnds ? .ended : .wouldBlock }
        space.copyBytes(from: incoming[readOffset..<readOffset + count])
        readOffset += count
        return .bytes(count)
    }

    /// Bytes that the connection has not asked for.
    var unreadCount: Int { incoming.count - readOffset }

    func write(_ bytes: UnsafeRawBufferPointer) -> TransportResult {
        let count = min(bytes.count, writeCapacity)
        guard count > 0 else { return .wouldBlock }
        outgoing.append(contentsOf: bytes[0..<count])
        writeCapacity -= count
        return .bytes(count)
    }

    func shutdownWrite() { isWriteShut = true }

    func close(reset: Bool) {
        isClosed = true
        wasReset = reset
    }
}
