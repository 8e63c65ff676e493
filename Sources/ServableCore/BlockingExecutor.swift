import Synchronization

/// A thread's worth of room for work that blocks or computes for long, kept apart from the cooperative pool and the I/O loops.
///
/// Work goes to a thread of its own: a stuck load stops nobody else.
package final class BlockingExecutor: TaskExecutor {
    private let thread: WorkThread

    package init(priority: WorkThread.Priority) {
        thread = WorkThread(priority: priority)
    }

    /// Makes the thread one of low priority, behind all that it was given before.
    package func lowerPriority() { thread.lowerPriority() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        thread.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs `body` on the thread; what it awaits without an isolation of its own runs there too. Cancelled with the caller's task.
    package func run<Value: Sendable>(_ body: @Sendable @escaping () async -> Value) async -> Value {
        let work = Work()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A task of its own ends on the thread; the caller's goes on from the relay.
                let task = Task(executorPreference: self) {
                    // Given away whole: this thread may go on late, and must not keep a value that others have let go.
                    let parcel = Parcel(await body())
                    WorkThread.relay.async { continuation.resume(returning: parcel.open()) }
                }
                work.began(task)
            }
        } onCancel: {
            work.cancel()
        }
    }
}

/// The task that does the work, for whoever cancels it, be that before it has begun.
private final class Work: Sendable {
    private let state = Mutex((task: Task<Void, Never>?.none, isCancelled: false))

    func began(_ task: Task<Void, Never>) {
        let isCancelled = state.withLock { state in
            state.task = task
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }
}

/// Carries a value from one thread to another, which is then the only one to hold it.
private final class Parcel<Value: Sendable>: Sendable {
    private let content: Mutex<Value?>

    init(_ content: consuming Value) { self.content = Mutex(content) }

    /// Once.
    func open() -> Value {
        guard let value = content.withLock({ $0.take() }) else { preconditionFailure("a parcel was opened twice") }
        return value
    }
}
