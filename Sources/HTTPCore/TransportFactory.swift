/// Makes the stream of bytes over an accepted socket.
package protocol TransportFactory: Sendable {
    /// Whether a client may be sent bytes before there is a transport, as when it is turned away at once.
    var acceptsClearText: Bool { get }

    /// Called on the loop that will serve the connection; it must not block.
    ///
    /// Takes over the descriptor, which is connected and non-blocking, and closes it when it throws.
    func makeTransport(over descriptor: Int32) throws(TransportError) -> any Transport
}

extension TransportFactory {
    package var acceptsClearText: Bool { false }
}

/// Why there is no stream over an accepted socket.
package struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Sends and receives bytes as they are.
package struct PlainTransportFactory: TransportFactory {
    package init() {}

    package var acceptsClearText: Bool { true }

    package func makeTransport(over descriptor: Int32) throws(TransportError) -> any Transport {
        PlainTransport(descriptor: descriptor)
    }
}
