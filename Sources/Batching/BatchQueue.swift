import Synchronization

/// Independent tasks wait here until a worker runs them together.
///
/// Tasks leave in the order of submission within their group key; between groups the one with the oldest task goes first,
/// so that no key starves. A task is never split, duplicated or dropped: each one submitted leaves exactly once, through
/// `takeBatch`, `takeDropped` or `close`. The queue neither runs tasks nor owns a thread or a clock: every
/// operation is synchronous, callable from any thread, and told what time it is.
package final class BatchQueue<Task: BatchTask>: Sendable {
    package let policy: BatchPolicy
    private let state: Mutex<BatchQueueState<Task>>

    package init(policy: BatchPolicy) {
        self.policy = policy
        self.state = Mutex(BatchQueueState())
    }

    package var queuedRowCount: Int { state.withLock { $0.rowCount } }
    package var queuedTaskCount: Int { state.withLock { $0.taskCount } }
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Appends a task that has waited since `now`.
    ///
    /// A task without rows counts as one row against the bound of the queue. A task above the bound is taken when nothing
    /// else waits, because it could never be taken otherwise.
    package func submit(_ task: consuming Task, at now: ContinuousClock.Instant = .now) throws(BatchRefusal) {
        let task = task
        let rows = max(1, task.rowCount)
        guard rows <= policy.maxBatchSize || policy.allowsOversize else {
            throw .taskTooLarge(rows: rows, maximum: policy.maxBatchSize)
        }
        let limit = policy.maxQueuedRows
        try state.withLock { state throws(BatchRefusal) in
            guard !state.isClosed else { throw .closed }
            let free = limit - min(limit, state.rowCount)
            guard rows <= free || state.taskCount == 0 else {
                throw .queueFull(taskRows: rows, queuedRows: state.rowCount, limit: limit)
            }
            state.append(task, rowCount: rows, at: now)
        }
    }

    /// Removes the next batch that may run at `now`, every task whose deadline is not after `now`, and the abandoned tasks
    /// that stand before the end of the batch.
    package func takeBatch(now: ContinuousClock.Instant) -> BatchTake<Task> {
        state.withLock { state in
            var dropped = state.removeExpired(at: now)
            while true {
                switch state.nextGroup(maxBatchSize: policy.maxBatchSize, timeout: state.isDraining ? .zero : policy.timeout, at: now) {
                case .none: return .empty(dropped: dropped)
                case .later(let instant):
                    let wake = min(instant, state.earliestDeadline ?? instant)
                    return .waitUntil(wake, dropped: dropped)
                case .runnable(let key):
                    let batch = state.takeBatch(of: key, maxBatchSize: policy.maxBatchSize, dropped: &dropped)
                    // Without a batch the group had only abandoned tasks, and is empty now.
                    if !batch.isEmpty { return .batch(batch, dropped: dropped) }
                }
            }
        }
    }

    /// Removes the tasks whose deadline is not after `now` and those that are abandoned, also while every worker is busy.
    package func takeDropped(now: ContinuousClock.Instant) -> [Task] {
        state.withLock { state in state.removeExpired(at: now) + state.removeAbandoned() }
    }

    /// From now on whatever is queued may run as soon as a worker is free, whatever the policy's timeout.
    package func beginDrain() { state.withLock { $0.isDraining = true } }

    /// Refuses further tasks and returns those that waited, in the order of submission.
    package func close() -> [Task] {
        state.withLock { state in
            state.isClosed = true
            return state.removeAll()
        }
    }
}
