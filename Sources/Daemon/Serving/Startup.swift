package import Logging
package import ServableCore

/// Reports to systemd and the log how far the first loads are, when they are over, and from then on what is served.
package struct Startup: Sendable {
    private let manager: ServableManager
    private let notify: SystemdNotify
    private let status: StatusLine
    private let notice: ReadinessNotice
    private let timeout: Duration
    private let interval: Duration
    private let admit: @Sendable () -> Void
    private let finished: @Sendable () -> Void
    private let logger: Logger

    /// How much longer each report lets the start take. A load of one large model shows no progress for minutes, so that time alone
    /// says nothing about it.
    private static let allowance = Duration.seconds(30)
    /// A start that takes longer is reported as over.
    private static let longest = Duration.seconds(86_400)

    /// - Parameters:
    ///   - timeout: after which the daemon counts as ready though the first loads go on.
    ///   - interval: between two reports; much less than what each allows.
    ///   - admit: lets in the clients who wait for readiness; called once.
    ///   - finished: hears that the first loads are over, or count as over; called once.
    package init(
        manager: ServableManager, notify: SystemdNotify, status: StatusLine, notice: ReadinessNotice, timeout: Duration,
        interval: Duration = .seconds(1), admit: @escaping @Sendable () -> Void = {},
        finished: @escaping @Sendable () -> Void = {}, logger: Logger
    ) {
        self.manager = manager
        self.notify = notify
        self.status = status
        self.notice = notice
        self.timeout = timeout
        self.interval = interval
        self.admit = admit
        self.finished = finished
        self.logger = logger
    }

    /// Returns when it is cancelled; reports nothing from then on.
    package func run() async {
        // Before the first loads end: no change is missed.
        let events = manager.events()
        if notice == .listening { becomeReady() }
        await waitForLoads()
        guard !Task.isCancelled else { return }
        logServed()
        for await event in events {
            if case .status(let status) = event.kind, [.available, .end].contains(status.state) { showServed() }
        }
    }

    private func becomeReady() {
        admit()
        notify.ready()
    }

    private func waitForLoads() async {
        // Loads may be over before a task of its own has begun.
        notify.extendStart(by: Self.allowance)
        async let _: Void = reportProgress()
        _ = await manager.initialLoad(timeout: timeout)
        guard !Task.isCancelled else { return }
        let progress = await manager.loadProgress
        if notice == .loaded, progress?.isOver != true {
            logger.warning(
                "server.start_timeout is over: the daemon counts as started after \(DurationText.text(timeout)), \(Self.text(progress))")
        }
        finished()
        if notice == .loaded { becomeReady() }
        _ = await manager.initialLoad(timeout: Self.longest)
    }

    private func reportProgress() async {
        while true {
            let progress = await manager.loadProgress
            if !Task.isCancelled { status.show(Self.text(progress)) }
            do { try await Task.sleep(for: interval) } catch { return }
            notify.extendStart(by: Self.allowance)
        }
    }

    /// `loading 3 of 12: resnet50`.
    private static func text(_ progress: LoadProgress?) -> String {
        guard let progress else { return "looking for models" }
        let number = min(progress.finishedCount + 1, progress.modelCount)
        let names = progress.loadingNames.isEmpty ? "" : ": \(listed(progress.loadingNames, atMost: 3))"
        return "loading \(number) of \(progress.modelCount)\(names)"
    }

    private func logServed() {
        showServed()
        let reasons = manager.board.unreadiness()
        guard !reasons.isEmpty else { return logger.notice("\(served)") }
        logger.warning("\(served); not ready: \(reasons.prefix(5).joined(separator: "; "))\(reasons.count > 5 ? "; …" : "")")
    }

    private func showServed() { status.show(served) }

    /// `serving 2 models: digits, resnet50`.
    private var served: String {
        let names = manager.table.names
        return names.isEmpty ? "serving no model" : "serving \(counted(names.count, "model")): \(listed(names))"
    }
}
