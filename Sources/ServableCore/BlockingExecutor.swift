import Dispatch

/// A thread's worth of room for work that blocks or computes for long, kept apart from the cooperative pool and the I/O loops.
///
/// Work goes to a serial queue of its own: unlike a concurrent queue it does not share the width of Dispatch's global pool, so
/// a stuck load stops nobody else.
package final class BlockingExecutor: TaskExecutor {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Runs `body` on the queue; what it awaits without an isolation of its own runs there too.
    package func run<Value: Sendable>(_ body: @Sendable @escaping () async -> Value) async -> Value {
        await withTaskExecutorPreference(self) { await body() }
    }
}
