import Dispatch
import Synchronization

/// Gives freed memory back to the system. The allocator keeps what a servable has freed for itself, and models are large.
package final class HeapTrimmer: Sendable {
    private let thread: WorkThread
    private let trimHeap: @Sendable () -> Void
    private let isPending = Atomic(false)

    /// - Parameter thread: servables are freed on it too.
    package init(thread: WorkThread, trim: @escaping @Sendable () -> Void) {
        self.thread = thread
        trimHeap = trim
    }

    /// Trims once after everything that the thread has been given by now, however often it is called until then; a little later, as
    /// another thread may be about to let go of what it still holds. From threads of the usual priority.
    package func trimSoon() {
        guard !isPending.exchange(true, ordering: .acquiringAndReleasing) else { return }
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(100)) {
            self.thread.async {
                self.isPending.store(false, ordering: .releasing)
                self.trimHeap()
            }
        }
    }
}
