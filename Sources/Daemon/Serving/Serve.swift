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
        let stack = try open()
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        // Bound before anything is loaded: a port in use shows at once, and health can be asked during a long load.
        do {
            try stack.server.start()
        } catch {
            throw CommandFailure(error)
        }
        let notify = SystemdNotify(environment: environment, logger: logger)
        let announcement = Task { await announce(stack, notify) }
        let services: [any Service] = [
            RegistryService(registry: stack.registry, recorder: stack.recorder, events: stack.events),
            LifecycleService(
                manager: stack.manager, specification: configuration.serving, readiness: stack.readiness,
                unloadTimeout: Self.unloadTimeout, logger: logger),
            ReloadService(
                signals: hangups, load: reload, apply: { try await apply($0, to: stack) }, notify: notify, logger: logger),
            HTTPService(
                server: stack.server, readiness: stack.readiness, drainTimeout: configuration.server.drainTimeout, notify: notify,
                logger: logger),
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch {
            announcement.cancel()
            throw CommandFailure(.failed, "the daemon stopped: \(error)")
        }
        announcement.cancel()
        stack.lanes.stop()
        logger.notice("stopped")
    }

    private func open() throws(CommandFailure) -> ServingStack {
        let listening = try Listening(configuration.server, environment: environment, logger: logger)
        let limited = try withinDescriptorLimit()
        do {
            return try ServingStack(limited, listening, logger: logger)
        } catch {
            throw CommandFailure(error)
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

    /// Tells systemd and the log when the first loads are over.
    private func announce(_ stack: ServingStack, _ notify: SystemdNotify) async {
        notify.ready()
        let reasons = await stack.manager.initialLoad(timeout: .seconds(86_400))
        guard !Task.isCancelled else { return }
        let models = stack.manager.table.names
        let summary = "serving \(models.count) models (\(models.joined(separator: ", ")))"
        logger.notice("\(reasons.isEmpty ? summary : summary + "; not ready: " + reasons.joined(separator: "; "))")
        notify.status(summary)
    }

    /// Puts a new configuration in force as far as a running daemon can.
    private func apply(_ new: ApusConfiguration, to stack: ServingStack) async throws {
        // First, as it alone may still refuse. Read again even when no name has changed: certificates are renewed in their files.
        if let tls = stack.tls, let files = new.server.tls {
            try tls.reload(files)
            for warning in tls.warnings { logger.warning("\(warning)") }
        }
        stack.server.reopenAccessLog()
        // Before the models: what they now load takes the new batching.
        stack.batching.replace(with: new)
        try await stack.manager.apply(new.serving)
        threshold.level = new.log.level.level
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
        if engine != other.engine { sections.append("engine") }
        if lifecycle != other.lifecycle { sections.append("lifecycle") }
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
