import Glibc

/// A listening socket for a server of another kind, which accepts from it itself and closes it.
package struct ListeningSocket: Sendable {
    package let descriptor: Int32
    package let address: BoundAddress
    private let file: UnixSocketFile?

    /// Opens what the address names: one socket, or for a host name one on every address it has.
    package static func open(_ address: ListenerAddress) throws(SocketError) -> [ListeningSocket] {
        try Listener.open(ListenerConfiguration(address)).map { listener in
            ListeningSocket(descriptor: listener.descriptor, address: listener.address, file: listener.file)
        }
    }

    /// Another descriptor of the socket, for a second thread that accepts from it.
    package func duplicate() throws(SocketError) -> Int32 {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else { throw SocketError(.listen, address.description, errno: errno) }
        return duplicate
    }

    /// Lets nobody find the socket any more, as far as that is a matter of its file.
    package func withdraw() { file?.remove() }
}
