import Inference
import Synchronization

/// Work for lanes made of closures, which counts what happens to it.
final class FakeWork: LaneWork {
    let priority: LanePriority
    private let body: @Sendable (Workspace, ContinuousClock.Instant) -> LaneOutcome
    private let look: @Sendable (ContinuousClock.Instant) -> Bool
    private let end: @Sendable () -> Void
    private let runs = Atomic(0)
    private let looks = Atomic(0)

    init(
        _ body: @escaping @Sendable (Workspace, ContinuousClock.Instant) -> LaneOutcome = { _, _ in .idle },
        priority: LanePriority = .high,
        look: @escaping @Sendable (ContinuousClock.Instant) -> Bool = { _ in false }, end: @escaping @Sendable () -> Void = {}
    ) {
        self.priority = priority
        self.body = body
        self.look = look
        self.end = end
    }

    deinit { end() }

    var runCount: Int { runs.load(ordering: .acquiring) }
    var lookCount: Int { looks.load(ordering: .acquiring) }

    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        defer { runs.add(1, ordering: .releasing) }
        return body(workspace, now)
    }

    func watch(now: ContinuousClock.Instant) -> Bool {
        defer { looks.add(1, ordering: .releasing) }
        return look(now)
    }
}
