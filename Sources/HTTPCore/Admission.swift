import Synchronization

/// Who may have a connection: counts them in all and, when a limit needs it, by client.
package final class Admission: Sendable {
    private let maxConnections: Int
    private let maxPerPeer: Int
    private let open = Atomic(0)
    private let openByPeer = Mutex<[PeerAddress: Int]>([:])
    /// Listeners that may still bring connections.
    private let openListeners = Atomic(0)

    package init(_ limits: ConnectionLimits, descriptors: DescriptorLimit) {
        maxConnections = min(limits.maxConnections, descriptors.maxConnections)
        maxPerPeer = limits.maxConnectionsPerPeer
    }

    package var openCount: Int { open.load(ordering: .sequentiallyConsistent) }

    /// Whether nothing is open and nothing more can come.
    var isQuiet: Bool { openListeners.load(ordering: .sequentiallyConsistent) == 0 && openCount == 0 }

    func listenerOpened() { openListeners.add(1, ordering: .sequentiallyConsistent) }
    func listenerClosed() { openListeners.subtract(1, ordering: .sequentiallyConsistent) }

    /// Counts a connection in; returns false, and counts nothing, when a limit is reached.
    func admit(_ peer: PeerAddress) -> Bool {
        guard open.add(1, ordering: .sequentiallyConsistent).newValue <= maxConnections else {
            open.subtract(1, ordering: .sequentiallyConsistent)
            return false
        }
        guard maxPerPeer > 0, peer != .none else { return true }
        let isWithinLimit = openByPeer.withLock { byPeer in
            let count = byPeer[peer.client, default: 0]
            guard count < maxPerPeer else { return false }
            byPeer[peer.client] = count + 1
            return true
        }
        if !isWithinLimit { open.subtract(1, ordering: .sequentiallyConsistent) }
        return isWithinLimit
    }

    func release(_ peer: PeerAddress) {
        open.subtract(1, ordering: .sequentiallyConsistent)
        guard maxPerPeer > 0, peer != .none else { return }
        openByPeer.withLock { byPeer in
            guard let count = byPeer[peer.client] else { return }
            byPeer[peer.client] = count > 1 ? count - 1 : nil
        }
    }
}
