/// Why a queue did not take a task.
package enum BatchRefusal: Error, Sendable, Equatable {
    /// Taking the task would exceed the rows that may wait.
    case queueFull(taskRows: Int, queuedRows: Int, limit: Int)
    /// The task alone is larger than a batch and the policy does not let it run alone.
    case taskTooLarge(rows: Int, maximum: Int)
    /// The queue was closed: its version is being unloaded or the process stops.
    case closed
}

extension BatchRefusal: CustomStringConvertible {
    /// Text for the client. The first two begin as TensorFlow Serving's do, because clients match on them.
    package var description: String {
        switch self {
        case .queueFull(let taskRows, let queuedRows, let limit):
            "The batch scheduling queue to which this task was submitted is full; \(queuedRows) of \(limit) rows are "
                + "waiting and the task has \(taskRows); retry later, or raise max_queued_batches"
        case .taskTooLarge(let rows, let maximum):
            "Task size \(rows) is larger than maximum input batch size \(maximum)"
        case .closed:
            "the batch queue is closed because its model version is being unloaded; retry the request"
        }
    }
}
