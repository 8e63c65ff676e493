package import Dispatch
import Synchronization

/// Gives freed memory back to the system. The allocator keeps what a servable has freed for itself, and models are large.
package final class HeapTrimmer: Sendable {
    private let queue: DispatchQueue
    private let trimHeap: @Sendable () -> Void
    private let isPending = Atomic(false)

    /// - Parameter queue: serial; servables are freed on it too.
    package init(queue: DispatchQueue, trim: @escaping @Sendable () -> Void) {
        self.queue = queue
        trimHeap = trim
    }

    /// Trims once after everything that the queue has been given by now, however often it is called until then; a little later, as
    /// another thread may be about to let go of what it still holds.
    package func trimSoon() {
        guard !isPending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        queue.asyncAfter(deadline: .now() + .milliseconds(100)) {
            self.isPending.store(false, ordering: .releasing)
            self.trimHeap()
        }
    }
}
