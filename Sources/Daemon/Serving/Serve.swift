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
        do {
            return try ServingStack(configuration, logger: logger)
        } catch {
            throw CommandFailure(error)
        }
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
        if server != other.server { sections.append("server") }
        if engine != other.engine { sections.append("engine") }
        if lifecycle != other.lifecycle { sections.append("lifecycle") }
        if registry != other.registry { sections.append("registry") }
        if monitoring != other.monitoring { sections.append("monitoring") }
        if log.style != other.log.style { sections.append("log.format") }
        return sections
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
