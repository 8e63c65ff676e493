import Dispatch
import Glibc
import Synchronization

/// One line on the terminal that says what a command is at, for work of more than a second; nothing where nobody looks.
final class Progress: Sendable {
    private struct State {
        var isShown = false
        var isOver = false
    }

    /// Work that is over by then needs no line.
    private static let delay = DispatchTimeInterval.seconds(1)
    private static let interval = DispatchTimeInterval.milliseconds(200)

    // Dispatch's objects may be used from every thread.
    private nonisolated(unsafe) let timer: (any DispatchSourceTimer)?
    private let state = Mutex(State())

    /// - Parameter text: what is going on now; called on a thread of its own.
    init(_ text: @escaping @Sendable () -> String) {
        guard TerminalStyle.errors.isTerminal else {
            timer = nil
            return
        }
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "apus.progress"))
        self.timer = timer
        timer.schedule(deadline: .now() + Self.delay, repeating: Self.interval)
        timer.setEventHandler(handler: Self.handler(self, text))
        timer.activate()
    }

    // Formed here, where nothing is isolated to an actor that the queue does not run.
    private static func handler(_ progress: Progress, _ text: @escaping @Sendable () -> String) -> @Sendable () -> Void {
        { [weak progress] in progress?.show(text()) }
    }

    private func show(_ text: String) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isShown = true
            let width = TerminalStyle.columnCount(of: STDERR_FILENO)
            Self.write("\r\u{1B}[K" + text.prefix(max(1, width - 1)))
        }
    }

    /// Takes the line away; other output may follow.
    func finish() {
        timer?.cancel()
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            if state.isShown { Self.write("\r\u{1B}[K") }
        }
    }

    /// Shows `text` and how long it takes while `body` runs.
    static func during<Result>(_ text: String, _ body: () throws -> Result) rethrows -> Result {
        let start = ContinuousClock.now
        let progress = Progress { "\(text) … \(HumanText.longDuration(seconds: Int((ContinuousClock.now - start).components.seconds)))" }
        defer { progress.finish() }
        return try body()
    }

    private static func write(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
