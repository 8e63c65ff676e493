import Batching

/// A task that is nothing but the facts the queue reads.
struct TestTask: BatchTask, Equatable {
    let id: Int
    var rowCount = 1
    var deadline: ContinuousClock.Instant?
    var groupKey = "a"
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

    var expired: [Task] {
        switch self {
        case .batch(_, let expired), .waitUntil(_, let expired), .empty(let expired): expired
        }
    }

    var wakeInstant: ContinuousClock.Instant? {
        if case .waitUntil(let instant, _) = self { instant } else { nil }
    }

    var isEmpty: Bool {
        if case .empty = self { true } else { false }
    }
}
