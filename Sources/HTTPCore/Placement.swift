import Synchronization

/// Decides which loop serves a new connection.
package final class Placement: Sendable {
    package let admission: Admission
    let inFlightLimit: InFlightLimit
    private let loops = Mutex<[IOLoop]>([])
    private let next = Atomic(0)

    package init(_ limits: ConnectionLimits, descriptors: DescriptorLimit) {
        admission = Admission(limits, descriptors: descriptors)
        inFlightLimit = InFlightLimit(limits.maxRequestsInFlight)
    }

    func setLoops(_ all: [IOLoop]) { loops.withLock { $0 = all } }

    /// Counts a connection in.
    ///
    /// - Returns: The loop that is to serve it, by turns; nil, with nothing counted, when a limit refuses it.
    func place(_ accepted: AcceptedSocket, near loop: IOLoop) -> IOLoop? {
        guard accepted.admit(to: admission) else { return nil }
        let turn = next.add(1, ordering: .relaxed).oldValue
        return loops.withLock { $0.isEmpty ? loop : $0[Int(UInt(bitPattern: turn) % UInt($0.count))] }
    }

    func release(_ peer: PeerAddress) { admission.release(peer) }
}
