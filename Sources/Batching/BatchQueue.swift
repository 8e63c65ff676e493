import Synchronization

/// Independent tasks wait here until a worker runs them together.
///
/// Tasks leave in the order of submission within their group key; between groups the one with the oldest task goes first,
/// so that no key starves. A task is never split, duplicated or dropped: each one submitted leaves exactly once, through
/// `takeBatch`, `takeDropped` or `close`. The queue neither runs tasks nor owns a thread or a clock: every
/// operation is synchronous, callable from any thread, and told what time it is.
package final class BatchQueue<Task: BatchTask>: Sendable {
    private let state: Mutex<BatchQueueState<Task>>

    package init(policy: BatchPolicy) { state = Mutex(BatchQueueState(policy: policy)) }

    package var policy: BatchPolicy { state.withLock { $0.policy } }

    /// Groups by another policy from now on, what waits included. Whatever has been taken in stays, also above the new bound.
    package func replace(policy: BatchPolicy) { state.withLock { $0.policy = policy } }

    package var queuedRowCount: Int { state.withLock { $0.rowCount } }
    package var queuedTaskCount: Int { state.withLock { $0.taskCount } }
    package var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Appends a task that has waited since `now`.
    ///
    /// A task without rows counts as one row against the bound of the queue. A task larger than a batch, which no choice of its client
    /// makes fit exactly, is taken as long as less than the bound waits: what waits exceeds the bound by one such task at most.
    package func submit(_ task: consuming Task, at now: ContinuousClock.Instant = .now) throws(BatchRefusal) {
        let task = task
        let rows = max(1, task.rowCount)
        try state.withLock { state throws(BatchRefusal) in
            guard !state.isClosed else { throw .closed }
            let policy = state.policy, limit = policy.maxQueuedRows, isOversize = rows > policy.maxBatchSize
            guard !isOversize || policy.allowsOversize else { throw .taskTooLarge(rows: rows, maximum: policy.maxBatchSize) }
            let free = limit - min(limit, state.rowCount)
            guard isOversize ? free > 0 : rows <= free else {
                throw .queueFull(taskRows: rows, queuedRows: state.rowCount, limit: limit)
            }
            state.append(task, rowCount: rows, at: now)
        }
    }

    /// Removes the next batch that may run at `now`, every task whose deadline is not after `now`, and the abandoned tasks
    /// that stand before the end of the batch.
    ///
    /// - Parameter rowLimit: rows that a batch may have, where that is less than the policy allows.
    package func takeBatch(now: ContinuousClock.Instant, rowLimit: Int = .max) -> BatchTake<Task> {
        state.withLock { state in
            let size = max(1, min(state.policy.maxBatchSize, rowLimit))
            var dropped = state.removeExpired(at: now)
            while true {
                switch state.nextGroup(maxBatchSize: size, timeout: state.isDraining ? .zero : state.policy.timeout, at: now) {
                case .none: return .empty(dropped: dropped)
                case .later(let instant):
                    let wake = min(instant, state.earliestDeadline ?? instant)
                    return .waitUntil(wake, dropped: dropped)
                case .runnable(let key):
                    let batch = state.takeBatch(of: key, maxBatchSize: size, dropped: &dropped)
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
