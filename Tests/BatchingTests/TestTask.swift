import Batching
import Synchronization

/// A task that is nothing but the facts the queue reads.
struct TestTask: BatchTask, Equatable {
    let id: Int
    var rowCount = 1
    var deadline: ContinuousClock.Instant?
    var groupKey = "a"
    var client: TestClient?

    var isAbandoned: Bool { client?.hasLeft.load(ordering: .relaxed) ?? false }
}

/// Who waits for a task, until the test lets them leave.
final class TestClient: Sendable, Equatable {
    let hasLeft = Atomic(false)

    func leave() { hasLeft.store(true, ordering: .relaxed) }

    static func == (left: TestClient, right: TestClient) -> Bool { left === right }
}

/// Instants on a clock that only the test moves.
enum TestTime {
    private static let origin = ContinuousClock.now

    static func at(_ milliseconds: Int) -> ContinuousClock.Instant { origin + .milliseconds(milliseconds) }
}

extension BatchTake {
    /// The tasks to run; `nil` when none may.
    var batch: [Task]? {
        if case .batch(let tasks, _) = self { tasks } else { nil }
    }

    /// The tasks that are to be answered unrun.
    var dropped: [Task] {
        switch self {
        case .batch(_, let dropped), .waitUntil(_, let dropped), .empty(let dropped): dropped
        }
    }

    var wakeInstant: ContinuousClock.Instant? {
        if case .waitUntil(let instant, _) = self { instant } else { nil }
    }

    var isEmpty: Bool {
        if case .empty = self { true } else { false }
    }
}
