import GRPCCore
import GRPCNIOTransportHTTP2Posix
import HTTPCore
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Accepts connections from a socket that is already open, each by the certificate that is in force when it comes.
struct GRPCListenerFactory: HTTP2ServerTransport.ListenerFactory {
    let eventLoopGroup: any EventLoopGroup
    /// Closed by the channel that is made of it.
    let descriptor: Int32
    /// Nil: clear text.
    let credentials: GRPCCredentials?
    let connections: ConnectionCount

    func makeListeningChannel(
        listenerConfigurator: HTTP2ServerTransport.ListenerConfigurator,
        connectionConfigurator: HTTP2ServerTransport.ConnectionConfigurator
    ) async throws -> NIOAsyncChannel<HTTP2ServerTransport.ConnectionConfigurator.ConnectionChannel, Never> {
        try await ServerBootstrap(group: eventLoopGroup)
            .serverChannelInitializer { listenerConfigurator.configure(channel: $0) }
            .bind(NIOBSDSocket.Handle(descriptor)) { [credentials, connections] channel in
                channel.eventLoop.makeCompletedFuture {
                    // One that is refused is made all the same: a listener whose connections fail to be made accepts no more.
                    if !connections.enter(channel) { try channel.pipeline.syncOperations.addHandler(RefusalHandler()) }
                    guard let credentials else { return }
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: credentials.context))
                }.flatMap {
                    connectionConfigurator.configure(channel: channel, tls: credentials == nil ? .none : .configured(requireALPN: false))
                }
            }
    }
}

typealias GRPCListenerTransport = HTTP2ServerTransport.Custom<GRPCListenerFactory>

/// Connections that are open, at most so many.
final class ConnectionCount: Sendable {
    private let count = Atomic(0)
    private let refused = Atomic(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var open: Int { count.load(ordering: .relaxed) }
    /// Connections that were closed at once, as there were too many.
    var refusedCount: Int { refused.load(ordering: .relaxed) }

    /// Counts a connection until it is closed.
    ///
    /// - Returns: false when there are too many; the connection is to be closed then.
    func enter(_ channel: any Channel) -> Bool {
        let isAdmitted = count.add(1, ordering: .relaxed).newValue <= limit
        if !isAdmitted { refused.add(1, ordering: .relaxed) }
        channel.closeFuture.whenComplete { [self] _ in count.subtract(1, ordering: .relaxed) }
        return isAdmitted
    }
}

/// Closes a connection as soon as it is there.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = NIOCore.ByteBuffer

    func channelActive(context: ChannelHandlerContext) { context.close(promise: nil) }
}
