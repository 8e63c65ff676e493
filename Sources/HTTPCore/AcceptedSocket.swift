import CPlatform

/// A connection fresh from the kernel, on its way to the loop that will serve it.
///
/// It owns the descriptor and its place among the connections that may be open: whatever is not taken over is given back with the
/// last reference, so that a socket which never reaches its loop leaks neither. One thread at a time uses it.
package final class AcceptedSocket: @unchecked Sendable {
    package let peer: PeerAddress
    /// Whether it came over a Unix socket.
    let isLocal: Bool
    /// Whether its client is an operator, by the listener that it came in by.
    let isAdministrative: Bool
    /// What the access log calls the listener.
    let listener: String
    /// The listener's way to make the stream.
    let transport: any TransportFactory

    /// Nil once it is taken over.
    private var ownedDescriptor: Int32?
    /// Where the connection is counted, until the count is taken over.
    private var admission: Admission?

    package init(
        descriptor: Int32, peer: PeerAddress, isLocal: Bool, listener: String, isAdministrative: Bool = false,
        transport: any TransportFactory
    ) {
        ownedDescriptor = descriptor
        self.peer = peer
        self.isLocal = isLocal
        self.isAdministrative = isAdministrative
        self.listener = listener
        self.transport = transport
    }

    deinit {
        if let ownedDescriptor { _ = apus_close(ownedDescriptor) }
        admission?.release(peer)
    }

    /// Counts the connection in.
    ///
    /// - Returns: false, with nothing counted, when a limit is reached.
    package func admit(to admission: Admission) -> Bool {
        guard admission.admit(peer) else { return false }
        self.admission = admission
        return true
    }

    /// Hands the descriptor to the caller, who closes it; nil when that has happened before.
    func takeDescriptor() -> Int32? { ownedDescriptor.take() }

    /// Hands the count to the caller, who releases it.
    func takeAdmission() { admission = nil }
}
