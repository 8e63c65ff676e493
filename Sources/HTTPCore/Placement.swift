import CPlatform
import Synchronization

/// Decides which loop serves a new connection.
final class Placement: Sendable {
    let admission: Admission
    private let loops = Mutex<[IOLoop]>([])
    private let next = Atomic(0)

    init(_ limits: ConnectionLimits) { admission = Admission(limits) }

    func setLoops(_ all: [IOLoop]) { loops.withLock { $0 = all } }

    /// The loop for a connection, by turns; nil when a limit refuses it.
    func place(_ peer: PeerAddress, near loop: IOLoop) -> IOLoop? {
        guard admission.admit(peer) else { return nil }
        let turn = next.add(1, ordering: .relaxed).oldValue
        return loops.withLock { $0.isEmpty ? loop : $0[Int(UInt(bitPattern: turn) % UInt($0.count))] }
    }

    func release(_ peer: PeerAddress) { admission.release(peer) }
}

/// What a client hears that a limit turns away.
enum Refusal {
    private static let response: StaticString = """
        HTTP/1.1 503 Service Unavailable\r
        Content-Type: application/json\r
        Content-Length: 70\r
        Retry-After: 1\r
        Connection: close\r
        \r
        {"error": "the server has as many connections as it may; try later."}

        """

    /// Answers 503 as far as the socket takes it at once, and closes: an overloaded server does not wait.
    static func overload(_ descriptor: Int32) {
        _ = unsafe apus_send(descriptor, response.utf8Start, response.utf8CodeUnitCount)
        _ = apus_shutdown_write(descriptor)
        _ = apus_close(descriptor)
    }
}
