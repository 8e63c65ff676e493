import ModelServing
import RESTFrontend
import Synchronization

/// Keeps what it is given until the test says what becomes of it.
final class FakeExecutor: RequestExecutor {
    private struct Job: Sendable {
        let deadline: ContinuousClock.Instant?
        let body: @Sendable () -> Void
        let expired: @Sendable () -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var deadlines: [ContinuousClock.Instant?] = []
        var priorities: [CallPriority] = []
        var runsAtOnce = false
    }

    private let state = Mutex(State())

    /// - Parameter runsAtOnce: whether each job runs as soon as it comes, on another thread.
    init(runsAtOnce: Bool = false) { state.withLock { $0.runsAtOnce = runsAtOnce } }

    func perform(
        _ priority: CallPriority, until deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () -> Void,
        expired: @escaping @Sendable () -> Void
    ) {
        let runsNow = state.withLock { state in
            state.deadlines.append(deadline)
            state.priorities.append(priority)
            if !state.runsAtOnce { state.waiting.append(Job(deadline: deadline, body: body, expired: expired)) }
            return state.runsAtOnce
        }
        if runsNow { Task.detached { body() } }
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }
    /// Of all that ever came.
    var deadlines: [ContinuousClock.Instant?] { state.withLock { $0.deadlines } }

    var priorities: [CallPriority] { state.withLock { $0.priorities } }

    func runWaiting() { for job in takeWaiting() { job.body() } }

    func expireWaiting() { for job in takeWaiting() { job.expired() } }

    private func takeWaiting() -> [Job] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }
}
