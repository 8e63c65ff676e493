import Glibc
import Synchronization

/// The thread that runs a loop at present, so that what is confined to the loop can be asserted to be used there.
package final class LoopThread: Sendable {
    /// 0 when none does.
    private let thread = Atomic<UInt>(0)

    init() {}

    /// Whether the caller runs inside the loop. From any thread.
    package var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// The loop begins to run on this thread.
    func enter() { thread.store(UInt(pthread_self()), ordering: .relaxed) }

    func leave() { thread.store(0, ordering: .relaxed) }
}
