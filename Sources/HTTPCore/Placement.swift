import Synchronization

/// Decides which loop serves a new connection.
final class Placement: Sendable {
    let admission: Admission
    let inFlightLimit: InFlightLimit
    private let loops = Mutex<[IOLoop]>([])
    private let next = Atomic(0)

    init(_ limits: ConnectionLimits, descriptors: DescriptorLimit) {
        admission = Admission(limits, descriptors: descriptors)
        inFlightLimit = InFlightLimit(limits.maxRequestsInFlight)
    }

    func setLoops(_ all: [IOLoop]) { loops.withLock { $0 = all } }

    /// The loop for a connection, by turns; nil when a limit refuses it.
    func place(_ peer: PeerAddress, near loop: IOLoop) -> IOLoop? {
        guard admission.admit(peer) else { return nil }
        let turn = next.add(1, ordering: .relaxed).oldValue
        return loops.withLock { $0.isEmpty ? loop : $0[Int(UInt(bitPattern: turn) % UInt($0.count))] }
    }

    func release(_ peer: PeerAddress) { admission.release(peer) }
}
