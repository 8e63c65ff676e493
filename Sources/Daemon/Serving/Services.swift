import HTTPCore
import Logging
import Registry
import ServableCore
import ServiceLifecycle
import UnixSignals

/// Writes events until the manager's stream ends, then closes the registry: the last service to stop.
struct RegistryService: Service {
    let registry: ModelRegistry
    let recorder: RegistryRecorder
    let events: AsyncStream<ServableEvent>

    func run() async throws {
        await recorder.run(events)
        try await registry.close()
    }
}

/// Keeps the versions up to date; at the end unloads them.
struct LifecycleService: Service {
    let manager: ServableManager
    let specification: ValidatedSpecification
    let readiness: Readiness
    let unloadTimeout: Duration
    let logger: Logger

    func run() async throws {
        await manager.serve(specification)
        readiness.beginServing()
        await cancelWhenGracefulShutdown { await manager.run() }
        let held = await manager.shutDown(timeout: unloadTimeout)
        if !held.isEmpty {
            logger.warning("still in use at the end: \(held.map(\.description).joined(separator: ", "))")
        }
    }
}

/// Serves over every protocol until the daemon is to stop, then completes the requests that have been accepted.
struct FrontService: Service {
    let drain: Drain
    /// Nil when gRPC is not offered.
    let grpc: GRPCStack?

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let grpc { group.addTask { try await grpc.run(drainDelay: drain.delay, drainTimeout: drain.timeout, logger: drain.logger) } }
            group.addTask { try await drainHTTP() }
            try await group.waitForAll()
        }
    }

    private func drainHTTP() async throws {
        try await gracefulShutdown()
        await drain.run()
    }
}

/// Reports the end of the start and what is served; the first service to stop, so that none of that is reported after `STOPPING=1`.
struct StartupService: Service {
    let startup: Startup

    func run() async throws {
        await cancelWhenGracefulShutdown { await startup.run() }
        try await gracefulShutdown()
    }
}

/// Reads the configuration again at every SIGHUP, and when a file of it has changed if that is asked for. A wrong one is refused
/// whole and the old one stays.
struct ReloadService: Service {
    /// SIGHUP, trapped before the daemon can be reached: an earlier one would be lost.
    let signals: UnixSignalsSequence
    let files: ConfigurationFiles
    /// Time between two looks at the files; zero: they are not looked at.
    let pollInterval: Duration
    let load: @Sendable () throws -> ApusConfiguration
    /// Puts a configuration in force and says what has changed; when it throws, nothing has.
    let apply: @Sendable (ApusConfiguration) async throws -> ConfigurationChanges
    /// Takes what came of it for the record: a text, and whether the configuration is in force.
    let remember: @Sendable (String, Bool) async -> Void
    let notify: SystemdNotify
    let status: StatusLine
    let record: ReloadRecord
    let logger: Logger

    func run() async throws {
        // Whoever wants a reload asks here, so that there is one at a time.
        let (wishes, wish) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in signals { wish.yield() } }
                group.addTask { await poll { wish.yield() } }
                for await _ in wishes { await reload() }
                group.cancelAll()
            }
        }
    }

    private func poll(_ hasChanged: () -> Void) async {
        guard pollInterval > .zero else { return }
        var files = files
        while true {
            do { try await Task.sleep(for: pollInterval) } catch { return }
            if files.haveChanged() { hasChanged() }
        }
    }

    private func reload() async {
        notify.reloading()
        do {
            let changes = try await apply(try load())
            await report(changes)
        } catch {
            await refuse(error)
        }
        notify.reloaded()
    }

    private func report(_ changes: ConfigurationChanges) async {
        record.note(isSuccessful: true)
        status.show(trouble: nil)
        let taken = changes.taken.map(\.description)
        logger.notice(
            "configuration read again\(taken.isEmpty ? "; nothing that a reload takes has changed" : ": " + listed(taken, atMost: 50))")
        for change in changes.deferred {
            logger.warning("\(change); it takes effect with the next start", metadata: [".key": "\(change.key)"])
        }
        await remember((taken + changes.deferred.map { "\($0) (with the next start)" }).joined(separator: "; "), true)
    }

    private func refuse(_ error: any Error) async {
        record.note(isSuccessful: false)
        logger.error("the new configuration is refused and the old one stays: \(error)")
        let reasons = "\(error)".split(separator: "\n")
        let more = reasons.count > 1 ? " and \(counted(reasons.count - 1, "further error"))" : ""
        status.show(trouble: "reload refused: \(reasons.first ?? "")\(more)")
        await remember("\(error)", false)
    }
}
