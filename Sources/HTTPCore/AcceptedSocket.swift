/// A connection fresh from the kernel, on its way to the loop that will serve it.
struct AcceptedSocket: Sendable {
    /// Owned by whoever holds this.
    let descriptor: Int32
    let peer: PeerAddress
    /// Whether it came over a Unix socket.
    let isLocal: Bool
    /// What the access log calls the listener.
    let listener: String
    /// The listener's way to make the stream.
    let transport: any TransportFactory
}
