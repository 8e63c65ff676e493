import Synchronization

/// Counts the steps that one thread has run, so that others can see whether it gets on. Only that thread counts; anyone may read.
package final class RunProgress: Sendable {
    private let count = Atomic<UInt>(0)

    package init() {}

    /// Steps so far; only whether it changes means something.
    package var stepCount: UInt { count.load(ordering: .relaxed) }

    /// A step begins.
    @inline(__always)
    func note() { count.store(count.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }
}
