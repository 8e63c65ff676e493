package import Logging
package import ServableCore

/// Reports to systemd and the log how far the first loads are, and when they are over.
package struct Startup: Sendable {
    private let manager: ServableManager
    private let notify: SystemdNotify
    private let notice: ReadinessNotice
    private let interval: Duration
    private let logger: Logger

    /// How much longer each report lets the start take. A load of one large model shows no progress for minutes, so that time alone
    /// says nothing about it.
    private static let allowance = Duration.seconds(30)
    /// A start that takes longer is reported as over.
    private static let longest = Duration.seconds(86_400)

    /// - Parameter interval: between two reports; much less than what each allows.
    package init(
        manager: ServableManager, notify: SystemdNotify, notice: ReadinessNotice, interval: Duration = .seconds(1), logger: Logger
    ) {
        self.manager = manager
        self.notify = notify
        self.notice = notice
        self.interval = interval
        self.logger = logger
    }

    /// Returns when the first loads are over; when it is cancelled, without a report of it.
    package func run() async {
        if notice == .listening { notify.ready() }
        let reasons = await waitForLoads()
        guard !Task.isCancelled else { return }
        if notice == .loaded { notify.ready() }
        let names = manager.table.names
        let summary = "serving \(names.count) models (\(names.joined(separator: ", ")))"
        logger.notice("\(reasons.isEmpty ? summary : summary + "; not ready: " + reasons.joined(separator: "; "))")
        notify.status(summary)
    }

    /// - Returns: why the daemon is not ready; empty when every model is available.
    private func waitForLoads() async -> [String] {
        // Loads may be over before a task of its own has begun.
        notify.extendStart(by: Self.allowance)
        async let _: Void = reportProgress()
        return await manager.initialLoad(timeout: Self.longest)
    }

    private func reportProgress() async {
        var reported = ""
        while true {
            let status = await manager.loadProgress.map { "loading \($0.finishedCount) of \($0.modelCount)" } ?? "looking for models"
            if status != reported, !Task.isCancelled { notify.status(status) }
            reported = status
            do { try await Task.sleep(for: interval) } catch { return }
            notify.extendStart(by: Self.allowance)
        }
    }
}
