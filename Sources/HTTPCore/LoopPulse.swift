import Synchronization

/// Shows whether a loop still does its work: it is asked by mail, and answers when it reads it. Safe from every thread.
final class LoopPulse: Sendable {
    private let isAsked = Atomic(false)

    /// Asks again, unless the last question has no answer yet.
    ///
    /// - Returns: whether it had one.
    func ask(_ post: () -> Void) -> Bool {
        guard !isAsked.exchange(true, ordering: .acquiringAndReleasing) else { return false }
        post()
        return true
    }

    func answer() { isAsked.store(false, ordering: .releasing) }
}
