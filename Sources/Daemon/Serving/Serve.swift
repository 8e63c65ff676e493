import HTTPCore
import Inference
import Logging
import Operators
import Registry
import ServableCore
import ServiceLifecycle
import Synchronization
import Telemetry
import UnixSignals

/// Runs the daemon from a judged configuration until a signal ends it.
struct Serve: Sendable {
    let configuration: ApusConfiguration
    /// Reads the configuration again, as at the start.
    let reload: @Sendable () throws -> ApusConfiguration
    let environment: [String: String]
    let threshold: LogThreshold
    let logger: Logger

    /// Bounds the wait for versions that are still in use when everything else has stopped.
    private static let unloadTimeout = Duration.seconds(10)

    /// Returns after a graceful stop.
    func run() async throws {
        logger.notice("\(greeting)")
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let serving = try validatedSpecification()
        let stack = try open()
        stack.manager.expect(serving)
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let stops = await StopSignals(logger: logger)
        // Bound before anything is loaded: a port in use shows at once, and health can be read during a long load.
        do {
            try stack.server.start()
        } catch {
            throw CommandFailure(error)
        }
        try stack.grpc?.open()
        let notify = SystemdNotify(environment: environment, logger: logger)
        let status = StatusLine(notify)
        let inForce = Mutex(configuration)
        let services: [any Service] =
            [
                RegistryService(registry: stack.registry, recorder: stack.recorder, events: stack.events),
                LifecycleService(
                    manager: stack.manager, specification: serving, readiness: stack.readiness,
                    unloadTimeout: Self.unloadTimeout, logger: logger),
                ReloadService(
                    signals: hangups, files: ConfigurationFiles(configuration.files),
                    pollInterval: configuration.configurationPollInterval, load: reload,
                    apply: { try await apply($0, over: inForce, to: stack) },
                    remember: { await stack.manager.noteReload($0, isInForce: $1) },
                    notify: notify, status: status, record: stack.reloads, logger: logger),
                FrontService(
                    drain: Drain(
                        server: stack.server, readiness: stack.readiness, notify: notify,
                        status: status, delay: configuration.server.drainDelay, timeout: configuration.server.drainTimeout,
                        allowance: Self.unloadTimeout, cause: { stops.cause }, logger: logger), grpc: stack.grpc),
                StartupService(
                    startup: Startup(
                        manager: stack.manager, notify: notify, status: status, notice: configuration.server.notifyReady,
                        timeout: configuration.server.startTimeout, admit: { stack.server.acceptHeld() },
                        finished: { stack.readiness.endStart() }, logger: logger)),
            ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                logger: logger.quiet))
        // Beside the services, which end one after the other: these go on to the end.
        let watchdog = watchdog(notify, stack)
        let attending: [Task<Void, Never>] = [
            Task { await stops.run { await group.triggerGracefulShutdown() } }, Task { await watchdog?.run() },
        ]
        defer { attending.forEach { $0.cancel() } }
        do {
            try await group.run()
        } catch {
            throw CommandFailure(.failed, "the daemon stopped: \(error)")
        }
        stack.lanes.stop()
        stack.requestLog?.flush()
        logger.notice("stopped")
    }

    /// `apus 0.1.0, configuration /etc/apus/apus.yaml, 2 lanes, avx512, memory budget 12.5 GiB, registry /var/lib/apus/registry.sqlite`
    private var greeting: String {
        let engine = configuration.engine
        let budget = engine.memoryBudget.byteLimit(of: Machine.memoryByteCount).map(ByteCount.text) ?? "unlimited"
        return [
            "apus \(Version.number)", configuration.configPath.map { "configuration \($0)" } ?? "no configuration file",
            counted(engine.laneCount ?? Machine.processorCount, "lane"), InstructionSet.chosen.name, "memory budget \(budget)",
            "registry \(configuration.registry.path)",
        ].joined(separator: ", ")
    }

    private func validatedSpecification() throws(CommandFailure) -> ValidatedSpecification {
        do {
            return try configuration.serving.validated()
        } catch {
            throw CommandFailure(.configuration, error.message)
        }
    }

    /// Nil where the service manager wants no signs of life.
    private func watchdog(_ notify: SystemdNotify, _ stack: ServingStack) -> Watchdog? {
        guard let period = notify.watchdogPeriod else { return nil }
        let signs = Mutex(LaneSigns())
        let parts: [(name: String, look: Watchdog.Look)] = [
            ("loop", { stack.server.askLoops() }),
            ("lane", { signs.withLock { $0.look(stack.lanes.progressOfBusyLanes) } }),
        ]
        return Watchdog(notify, period: period, parts: parts, logger: logger)
    }

    private func open() throws(CommandFailure) -> ServingStack {
        let listening = try Listening(configuration.server, environment: environment, logger: logger)
        let limited = try withinDescriptorLimit()
        do {
            return try ServingStack(limited, listening, logger: logger)
        } catch {
            throw CommandFailure(error) ?? CommandFailure(.failed, "\(error)")
        }
    }

    /// Takes as many descriptors as the process may have, and allows no more connections than they suffice for.
    private func withinDescriptorLimit() throws(CommandFailure) -> ApusConfiguration {
        var configuration = configuration
        do throws(SocketError) {
            let limit = try DescriptorLimit.raise()
            if let warning = limit.warning(maxConnections: configuration.server.limits.maxConnections) { logger.warning("\(warning)") }
            configuration.server.limits.maxConnections = min(configuration.server.limits.maxConnections, limit.maxConnections)
        } catch {
            throw CommandFailure(error)
        }
        return configuration
    }

    /// Puts a new configuration in force as far as a running daemon can; when it throws, the old one is still in force.
    private func apply(
        _ new: ApusConfiguration, over inForce: borrowing Mutex<ApusConfiguration>, to stack: ServingStack
    ) async throws -> ConfigurationChanges {
        let targets = ReloadTargets(
            manager: stack.manager, server: stack.server, tls: stack.tls, batching: stack.batching, threshold: threshold,
            prepareGRPC: { try stack.grpc?.prepare($0) ?? {} })
        let warnings = await (try Reload(new, of: targets)).commit()
        for warning in warnings { logger.warning("\(warning)") }
        let old = inForce.withLock { inForce in
            defer { inForce = new }
            return inForce
        }
        return ConfigurationChanges(from: old, atStart: configuration, to: new)
    }
}

extension LogLevel {
    /// The level in swift-log's words.
    var level: Logger.Level {
        switch self {
        case .trace: .trace
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}

extension Logger {
    /// For frameworks, whose steps mean nothing to an operator: warnings and errors alone.
    fileprivate var quiet: Logger {
        var copy = self
        copy.logLevel = .warning
        return copy
    }
}
