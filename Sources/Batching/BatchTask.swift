/// What a batch queue must know of a piece of work; everything else about it is opaque.
package protocol BatchTask: Sendable {
    associatedtype GroupKey: Hashable & Sendable

    /// Rows (elements of the batch axis) that this task adds to a batch, ≥ 0. Read once, at submission.
    var rowCount: Int { get }

    /// When the client stops waiting; `nil` waits for ever. Read once, at submission.
    var deadline: ContinuousClock.Instant? { get }

    /// Only tasks with equal keys share a batch, for example those whose inputs agree in every dimension but the first.
    var groupKey: GroupKey { get }

    /// Whether nobody waits for the result any more; once true it stays so. Read under the queue's lock: it must be cheap.
    var isAbandoned: Bool { get }
}

/// What a queue hands to a free worker.
///
/// Every case carries the tasks that left the queue unrun, for the caller to answer: their deadline has passed, or nobody
/// waits for them.
package enum BatchTake<Task: BatchTask>: Sendable {
    /// Tasks to run together, in the order of submission, all with one group key; never empty.
    case batch([Task], dropped: [Task])
    /// Tasks are queued but none may run yet; ask again at this instant, or earlier when a task was submitted.
    case waitUntil(ContinuousClock.Instant, dropped: [Task])
    /// Nothing is queued.
    case empty(dropped: [Task])
}
