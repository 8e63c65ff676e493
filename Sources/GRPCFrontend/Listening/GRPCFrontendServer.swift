import GRPCCore
import GRPCNIOTransportHTTP2Posix
package import HTTPCore
package import Logging
package import ModelServing
import NIOCore
package import OpenInference
import ServableCore
import Synchronization

/// What the services of the server are made of.
package struct GRPCServices: Sendable {
    package let backend: any PredictionBackend
    /// Holds requests whose model is being loaded.
    package let held: HeldRequests
    package let openInference: OpenInferenceService
    /// Replaces what is served; see `ModelConfigurator`.
    package let configurator: any ModelConfigurator
    /// Why the daemon is not ready, one sentence a reason; empty when it is.
    package let unreadiness: @Sendable () -> [String]
    /// Receives the records of calls that found no signature.
    package let observer: (any CallObserver)?
    package let meters: any CallMeters

    package init(
        backend: any PredictionBackend, held: HeldRequests, openInference: OpenInferenceService, configurator: any ModelConfigurator,
        unreadiness: @escaping @Sendable () -> [String], observer: (any CallObserver)?, meters: any CallMeters
    ) {
        self.backend = backend
        self.held = held
        self.openInference = openInference
        self.configurator = configurator
        self.unreadiness = unreadiness
        self.observer = observer
        self.meters = meters
    }
}

/// The gRPC server: opens sockets, serves until it is drained.
///
/// Connections live on loops of SwiftNIO's, beside those of the HTTP server, and each call is a task of gRPC's library on its
/// connection's loop.
package final class GRPCFrontendServer: Sendable {
    private struct State {
        var sockets: [ListeningSocket] = []
        /// Each socket is accepted from on every loop.
        var servers: [(server: GRPCServer<GRPCListenerTransport>, loop: ServingLoop)] = []
        var loops: [ServingLoop] = []
    }

    private let configuration: GRPCConfiguration
    private let listeners: [GRPCListener]
    private let credentials: GRPCCredentials?
    private let services: GRPCServices
    private let drain = DrainFlag()
    private let connections: ConnectionCount
    private let state = Mutex(State())
    private let logger: Logger

    /// - Parameters:
    ///   - credentials: of encrypted listeners.
    ///   - maxConnections: open at once.
    package init(
        _ services: GRPCServices, _ configuration: GRPCConfiguration, listeners: [GRPCListener], credentials: GRPCCredentials?,
        maxConnections: Int, logger: Logger
    ) {
        self.services = services
        self.configuration = configuration
        self.listeners = listeners
        self.credentials = credentials
        connections = ConnectionCount(limit: maxConnections)
        self.logger = logger
    }

    package var openConnectionCount: Int { connections.open }
    package var refusedConnectionCount: Int { connections.refusedCount }
    /// Where the server listens; empty before it has opened.
    package var addresses: [BoundAddress] { state.withLock { $0.sockets.map(\.address) } }

    /// Opens the sockets: clients may connect from now on, and wait until `run`.
    package func open() throws(SocketError) {
        var opened: [(GRPCListener, ListeningSocket)] = []
        for listener in listeners {
            for socket in try ListeningSocket.open(listener.address) { opened.append((listener, socket)) }
        }
        let loops = (0..<configuration.loopCount).map { _ in ServingLoop() }
        let methods = methods, direct = methods.direct
        var servers: [(GRPCServer<GRPCListenerTransport>, ServingLoop)] = []
        for (listener, socket) in opened {
            for (index, loop) in loops.enumerated() {
                let factory = GRPCListenerFactory(
                    eventLoopGroup: loop.group, descriptor: index == 0 ? socket.descriptor : try socket.duplicate(),
                    credentials: listener.isEncrypted ? credentials : nil, connections: connections)
                let transport = GRPCListenerTransport(listenerFactory: factory, config: .init(configuration, direct))
                servers.append((GRPCServer(transport: transport, router: methods.router), loop))
            }
        }
        state.withLock { [servers] state in
            state.sockets = opened.map(\.1)
            state.servers = servers
            state.loops = loops
        }
        for (listener, socket) in opened {
            logger.notice("gRPC listens on \(socket.address)\(listener.isEncrypted && credentials != nil ? " with TLS" : "")")
        }
    }

    /// Serves until the server has been drained, or the task is cancelled: calls under way are cut then.
    package func run() async throws {
        let (servers, loops) = state.withLock { ($0.servers, $0.loops) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (server, loop) in servers { group.addTask(executorPreference: loop) { try await server.serve() } }
            try await group.waitForAll()
        }
        for loop in loops { try await loop.stop() }
    }

    /// Takes no new calls; those under way are answered, and long ones end.
    package func beginDrain() {
        drain.set()
        let (sockets, servers) = state.withLock { ($0.sockets, $0.servers) }
        sockets.forEach { $0.withdraw() }
        servers.forEach { $0.server.beginGracefulShutdown() }
    }

    private var methods: MethodTable {
        let environment = CallEnvironment(
            configuration: configuration, backend: services.backend, held: services.held, observer: services.observer,
            meters: services.meters, drain: drain)
        var table = MethodTable(environment)
        PredictionMethods(environment).register(in: &table)
        ModelMethods(environment, services.configurator, services.openInference.repository).register(in: &table)
        InferenceMethods(environment, services.openInference).register(in: &table)
        if configuration.offersHealth { HealthMethods(unreadiness: services.unreadiness, drain).register(in: &table) }
        ReflectionMethods().register(in: &table)
        return table
    }
}

extension GRPCListenerTransport.Config {
    /// A window of a few megabytes, so that a tensor needs few round trips.
    private static var windowByteCount: Int { 4 << 20 }
    private static var frameByteCount: Int { 1 << 20 }

    init(_ configuration: GRPCConfiguration, _ direct: DirectMethods) {
        self = .defaults
        compression = .init(enabledAlgorithms: .all)
        http2 = .init(
            maxFrameSize: Self.frameByteCount, targetWindowSize: Self.windowByteCount,
            maxConcurrentStreams: configuration.maxConcurrentStreams)
        let limit = configuration.maxRequestBytes
        // What is inflated is held against it as well.
        rpc = .init(maxRequestPayloadSize: limit)
        channelDebuggingCallbacks.onAcceptHTTP2Stream = { channel in
            channel.eventLoop.makeCompletedFuture {
                // In front of the library's own handler.
                try channel.pipeline.syncOperations.addHandlers(
                    [MessageLengthGuard(limit: limit), DirectCallHandler(direct)], position: .first)
            }
        }
        connection.maxIdleTime = configuration.connection.maxIdle
        connection.maxAge = configuration.connection.maxAge
        connection.maxGraceTime = configuration.connection.maxAgeGrace
        connection.keepalive = .init(
            time: configuration.connection.keepaliveTime, timeout: configuration.connection.keepaliveTimeout,
            clientBehavior: .init(
                minPingIntervalWithoutCalls: configuration.connection.minPingInterval,
                allowWithoutCalls: configuration.connection.permitsPingsWithoutCalls))
        // Responses that are ready in one turn of the loop go out together; none waits for another.
        connection.flushCoalescing = .init(maxFlushDelay: .zero, maxBytes: 64 << 10)
    }
}
