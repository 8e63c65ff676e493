#if GRPC
    import GRPCFrontend
    import HTTPCore
    import Logging
    import ModelServing
    import ServableCore
    import ServiceLifecycle
    import Telemetry

    /// The gRPC server with what the daemon needs of it.
    struct GRPCStack: Sendable {
        private let server: GRPCFrontendServer
        private let credentials: GRPCCredentials?
        private let entry: GRPCEntry

        init(
            _ entry: GRPCEntry, _ configuration: ApusConfiguration, _ parts: GRPCParts, logger: Logger
        ) throws(CommandFailure) {
            self.entry = entry
            do throws(GRPCCredentialsError) {
                credentials = try Self.source(entry, configuration.server.tls).map { (source) throws(GRPCCredentialsError) in
                    try GRPCCredentials(source)
                }
            } catch {
                throw CommandFailure(.configuration, error.description)
            }
            let isEncrypted = credentials != nil
            let listeners =
                [entry.tcp.map { GRPCListener($0, isEncrypted: isEncrypted) }, entry.unix.map { GRPCListener($0, isEncrypted: false) }]
                .compactMap(\.self)
            let readiness = parts.readiness
            let services = GRPCServices(
                backend: parts.service, held: HeldRequests(parts.service, executor: parts.lanes), openInference: parts.openInference,
                configurator: ModelReplacement(configuration: configuration, manager: parts.manager),
                unreadiness: { readiness.reasons }, observer: parts.observer, meters: GRPCMeters(parts.metrics))
            server = GRPCFrontendServer(
                services, GRPCConfiguration(entry, configuration.server), listeners: listeners, credentials: credentials,
                maxConnections: configuration.server.limits.maxConnections, logger: logger)
            addReadings(to: parts.metrics)
        }

        private static func source(_ entry: GRPCEntry, _ files: TLSConfiguration?) -> GRPCCredentials.Source? {
            switch entry.certificates {
            case nil: nil
            case .server: files.map { .files($0) }
            case .texts(let certificate, let key, let clientCA, let verifiesClients):
                .texts(certificate: certificate, key: key, clientCA: clientCA, verifiesClients: verifiesClients)
            }
        }

        /// Opens the sockets.
        func open() throws(CommandFailure) {
            do throws(SocketError) { try server.open() } catch { throw CommandFailure(error) }
        }

        /// Serves until the daemon is to stop, then completes the calls that are under way; calls are accepted for `drainDelay`
        /// more, and what is left `drainTimeout` later is cut.
        func run(drainDelay: Duration, drainTimeout: Duration, logger: Logger) async throws {
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await server.run()
                    return true
                }
                group.addTask {
                    try await gracefulShutdown()
                    try await Task.sleep(for: drainDelay)
                    server.beginDrain()
                    try await Task.sleep(for: drainTimeout)
                    return false
                }
                if try await group.next() == false { logger.warning("gRPC calls were cut after \(drainTimeout)") }
                group.cancelAll()
            }
        }

        /// Reads the certificates of a new configuration; what it returns puts them in force.
        func prepare(_ configuration: ApusConfiguration) throws -> @Sendable () -> Void {
            guard let credentials, let source = Self.source(entry, configuration.server.tls) else { return {} }
            let prepared = try GRPCCredentials.prepare(source)
            return { credentials.commit(prepared) }
        }

        private func addReadings(to store: MetricStore) {
            let server = server
            store.readGauge(
                MetricDescription("apus_grpc_connections", labels: [], help: "gRPC connections that are open.")
            ) { [.init([], Double(server.openConnectionCount))] }
            store.readCounter(
                MetricDescription(
                    "apus_grpc_connections_refused_total", labels: [],
                    help: "gRPC connections closed at once, as server.limits.max_connections were open.")
            ) { [.init([], Double(server.refusedConnectionCount))] }
        }
    }

    extension GRPCConfiguration {
        fileprivate init(_ entry: GRPCEntry, _ server: ServerConfiguration) {
            let channel = entry.channel
            var connection = ConnectionOptions()
            connection.maxIdle = channel.maxIdle
            connection.maxAge = channel.maxAge
            connection.maxAgeGrace = channel.maxAgeGrace
            connection.keepaliveTime = channel.keepaliveTime ?? connection.keepaliveTime
            connection.keepaliveTimeout = channel.keepaliveTimeout ?? connection.keepaliveTimeout
            connection.minPingInterval = channel.minPingInterval ?? connection.minPingInterval
            connection.permitsPingsWithoutCalls = channel.permitsPingsWithoutCalls ?? connection.permitsPingsWithoutCalls
            self.init(
                requestTimeout: server.requestTimeout, maxRequestBytes: channel.maxReceiveMessageBytes ?? entry.maxMessageBytes,
                maxResponseBytes: server.limits.maxResponseBytes,
                maxConcurrentStreams: channel.maxConcurrentStreams ?? entry.maxConcurrentStreams,
                writesTensorContent: entry.writesTensorContent, checksMethodNames: server.checksMethodNames,
                offersHealth: entry.offersHealth, loopCount: entry.loopCount ?? max(1, Machine.processorCount / 2), connection: connection)
        }
    }

    /// Counts calls by method and code.
    struct GRPCMeters: CallMeters {
        private let calls: MetricFamily<Counter>
        private let seconds: MetricFamily<Histogram>

        init(_ store: MetricStore) {
            calls = store.counter(
                MetricDescription(
                    "apus_grpc_requests_total", labels: ["method", "status"], help: "Finished gRPC calls by method and status code."))
            seconds = store.histogram(
                MetricDescription(
                    "apus_grpc_request_seconds", labels: ["method"],
                    help: "Time from a call's whole message to its response ready to be written, successes only."),
                .exponential(scale: 1e-5, growth: 2, count: 24, unit: 1e9))
        }

        func meter(of method: String) -> any CallMeter {
            Meter(
                codes: StatusCode.allCases.map { $0 == .ok ? calls.cell(method, $0.name) : nil }, method: method, calls: calls,
                seconds: seconds.cell(method))
        }

        private struct Meter: CallMeter {
            /// The code that most calls have is looked up once.
            let codes: [Counter?]
            let method: String
            let calls: MetricFamily<Counter>
            let seconds: Histogram

            func finished(_ code: StatusCode, nanoseconds: Int64) {
                (codes[code.rawValue] ?? calls.cell(method, code.name)).increment()
                if code == .ok { seconds.observe(nanoseconds) }
            }
        }
    }
#else
    import Logging
    import ServiceLifecycle

    /// Stands in for the gRPC server in a program that was built without it: asking for it is an error.
    struct GRPCStack: Sendable {
        init(
            _ entry: GRPCEntry, _ configuration: ApusConfiguration, _ parts: GRPCParts, logger: Logger
        ) throws(CommandFailure) {
            throw CommandFailure(
                .configuration,
                "gRPC is asked for (--port, grpc.port or grpc.unix), and this program was built without it; build it with the package trait GRPC"
            )
        }

        func open() throws(CommandFailure) {}
        func run(drainDelay: Duration, drainTimeout: Duration, logger: Logger) async throws { try await gracefulShutdown() }
        func prepare(_ configuration: ApusConfiguration) throws -> @Sendable () -> Void { {} }
    }
#endif
