package import HTTPCore

/// The section `grpc`, judged: where gRPC is offered, and how.
package struct GRPCEntry: Sendable, Equatable {
    /// Nil: only the Unix socket.
    package var tcp: ListenerAddress?
    /// Nil: only the TCP port.
    package var unix: ListenerAddress?
    /// Of the TCP port; nil: clear text.
    package var certificates: Certificates?
    /// Nil: what suits the machine.
    package var loopCount: Int?
    package var maxMessageBytes: Int
    package var maxConcurrentStreams: Int
    package var offersHealth: Bool
    package var writesTensorContent: Bool
    package var channel: GRPCChannelOptions

    package enum Certificates: Sendable, Equatable {
        /// Those of `server.tls`, which a reload reads again.
        case server
        /// Of an `SSLConfig`, as PEM.
        case texts(certificate: String, key: String, clientCA: String?, verifiesClients: Bool)
    }
}
