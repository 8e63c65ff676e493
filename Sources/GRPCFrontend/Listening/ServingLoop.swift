import NIOCore
import NIOPosix

/// One of SwiftNIO's loops, on which connections live and the tasks of their calls run: what a task waits for comes from the same
/// thread, so that a call which is computed where it is read crosses no thread.
final class ServingLoop: TaskExecutor {
    let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop

    init() {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    func stop() async throws { try await group.shutdownGracefully() }
}
