import Foundation
import HTTPCore
import Logging
import Testing

/// Sockets between the listener and the loop that is to serve them.
@Suite("Accepted sockets", .timeLimit(.minutes(1)))
struct AcceptedSocketTests {
    /// An accepted socket that is counted in, and the client's end of it.
    private final class Pair {
        let client: Int32
        private var accepted: AcceptedSocket?

        init(_ admission: Admission) throws {
            var ends: [Int32] = [0, 0]
            let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
            try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
            client = ends[0]
            let socket = AcceptedSocket(
                descriptor: ends[1], peer: .none, isLocal: true, listener: "test", transport: PlainTransportFactory())
            #expect(socket.admit(to: admission))
            accepted = socket
        }

        deinit { close(client) }

        /// Leaves no reference here.
        func takeSocket() throws -> AcceptedSocket {
            let socket = accepted.take()
            return try #require(socket)
        }

        /// Whether the server's end is closed.
        var isClosed: Bool {
            var byte: UInt8 = 0
            return recv(client, &byte, 1, 0) == 0
        }
    }

    private let placement = Placement(ConnectionLimits(), descriptors: .current)
    private var admission: Admission { placement.admission }

    @Test("are closed, and no longer counted, when they are dropped")
    func dropped() throws {
        let pair = try Pair(admission)
        var socket: AcceptedSocket? = try pair.takeSocket()
        #expect(socket != nil && admission.openCount == 1 && !pair.isClosed)
        socket = nil
        #expect(admission.openCount == 0 && pair.isClosed)
    }

    @Test("that a limit refuses are closed, and the others stay counted")
    func refused() throws {
        var limits = ConnectionLimits()
        limits.maxConnections = 1
        let admission = Admission(limits, descriptors: .current)
        let pair = try Pair(admission)
        let first = try pair.takeSocket()
        do {
            let second = AcceptedSocket(
                descriptor: -1, peer: .none, isLocal: true, listener: "test", transport: PlainTransportFactory())
            #expect(!second.admit(to: admission))
        }
        #expect(admission.openCount == 1)
        withExtendedLifetime(first) {}
    }

    @Test("are given back by a mailbox that closes, and by one that is closed")
    func mailbox() throws {
        let mailbox = Mailbox<AcceptedSocket> {}
        let before = try Pair(admission), after = try Pair(admission)
        mailbox.post(try before.takeSocket())
        #expect(admission.openCount == 2 && !before.isClosed)
        mailbox.close()
        #expect(admission.openCount == 1 && before.isClosed)
        mailbox.post(try after.takeSocket())
        #expect(admission.openCount == 0 && after.isClosed)
    }

    /// When a loop gets a socket.
    enum Arrival: CaseIterable {
        case beforeTheStop
        case behindTheStop
        case afterTheEnd
    }

    @Test("are closed, and no longer counted, when their loop stops", arguments: Arrival.allCases)
    func stop(_ arrival: Arrival) async throws {
        let pair = try Pair(admission)
        try await run(try pair.takeSocket(), arrival)
        while admission.openCount > 0 { await Task.yield() }
        while !pair.isClosed { await Task.yield() }
    }

    /// Has a loop get the socket and stop.
    private func run(_ socket: consuming AcceptedSocket, _ arrival: Arrival) async throws {
        let loop = try IOLoop(
            index: 0, configuration: HTTPServerConfiguration(listeners: []), placement: placement, handler: TestHandler(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // What is posted before the start is read at once, as one batch.
        if arrival == .beforeTheStop { loop.post(socket) }
        await withCheckedContinuation { continuation in
            loop.post { loop in
                loop.stop()
                continuation.resume()
            }
            if arrival == .behindTheStop { loop.post(socket) }
            loop.start()
        }
        if arrival == .afterTheEnd { loop.post(socket) }
    }
}
