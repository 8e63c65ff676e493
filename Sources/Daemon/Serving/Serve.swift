import HTTPCore
import Inference
import Logging
import Registry
import ServableCore
import ServiceLifecycle
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
        for warning in configuration.warnings { logger.warning("\(warning)") }
        let serving = try validatedSpecification()
        let stack = try open()
        stack.manager.expect(serving)
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        // Bound before anything is loaded: a port in use shows at once, and health can be read during a long load.
        do {
            try stack.server.start()
        } catch {
            throw CommandFailure(error)
        }
        try stack.grpc?.open()
        let notify = SystemdNotify(environment: environment, logger: logger)
        let services: [any Service] = [
            RegistryService(registry: stack.registry, recorder: stack.recorder, events: stack.events),
            LifecycleService(
                manager: stack.manager, specification: serving, readiness: stack.readiness,
                unloadTimeout: Self.unloadTimeout, logger: logger),
            ReloadService(
                signals: hangups, files: ConfigurationFiles(configuration.files),
                pollInterval: configuration.configurationPollInterval, load: reload, apply: { try await apply($0, to: stack) },
                notify: notify,
                record: stack.reloads, logger: logger),
            FrontService(
                server: stack.server, grpc: stack.grpc, readiness: stack.readiness, drainTimeout: configuration.server.drainTimeout,
                notify: notify, logger: logger),
            StartupService(
                startup: Startup(manager: stack.manager, notify: notify, notice: configuration.server.notifyReady, logger: logger)),
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            throw CommandFailure(.failed, "the daemon stopped: \(error)")
        }
        stack.lanes.stop()
        stack.requestLog?.flush()
        logger.notice("stopped")
    }

    private func validatedSpecification() throws(CommandFailure) -> ValidatedSpecification {
        do {
            return try configuration.serving.validated()
        } catch {
            throw CommandFailure(.configuration, error.message)
        }
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
    private func apply(_ new: ApusConfiguration, to stack: ServingStack) async throws {
        let targets = ReloadTargets(
            manager: stack.manager, server: stack.server, tls: stack.tls, batching: stack.batching, threshold: threshold,
            prepareGRPC: { try stack.grpc?.prepare($0) ?? {} })
        let warnings = await (try Reload(new, of: targets)).commit()
        for warning in warnings { logger.warning("\(warning)") }
        for key in configuration.fixedSections(differingFrom: new) {
            logger.warning("\"\(key)\" changed in the configuration; it takes effect with the next start")
        }
    }
}

extension ApusConfiguration {
    /// Sections that only a start reads and that differ from `other`.
    func fixedSections(differingFrom other: ApusConfiguration) -> [String] {
        var sections: [String] = []
        if server.fixed != other.server.fixed { sections.append("server") }
        if grpc != other.grpc { sections.append("grpc") }
        if engine != other.engine { sections.append("engine") }
        if lifecycle != other.lifecycle || hold != other.hold || allowsEmpty != other.allowsEmpty { sections.append("lifecycle") }
        if requestLog != other.requestLog { sections.append("request_log") }
        if registry != other.registry { sections.append("registry") }
        if monitoring != other.monitoring { sections.append("monitoring") }
        if log.style != other.log.style { sections.append("log.format") }
        return sections
    }
}

extension ServerConfiguration {
    /// Without what a reload puts in force: the files of a server that is encrypted and stays so.
    fileprivate var fixed: ServerConfiguration {
        var copy = self
        copy.tls = tls.map { _ in TLSConfiguration(certificateFile: "", keyFile: "") }
        return copy
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
