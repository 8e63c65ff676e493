import Synchronization

/// Something that has work for a lane now and then: the batches of one signature of one model.
package protocol LaneWork: AnyObject, Sendable {
    /// Which of two works that are both ready goes first. Never changes; `high` unless a work says otherwise.
    var priority: LanePriority { get }

    /// Runs at most one batch on the calling lane, in its workspace.
    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome

    /// Called every few milliseconds from when work was signalled, also while every lane is busy: to answer what is over its
    /// time and to stop runs that nobody waits for. Must not block.
    ///
    /// - Returns: whether anything still waits or runs; false ends the calls until the next signal.
    func watch(now: ContinuousClock.Instant) -> Bool
}

extension LaneWork {
    package var priority: LanePriority { .high }

    package func watch(now: ContinuousClock.Instant) -> Bool { false }
}

/// How urgent work is.
package enum LanePriority: Sendable {
    case high
    /// Runs when nothing of high priority is ready, and now and then also when something is, so that it always ends.
    case low
}

/// What a lane found when it asked for work.
package enum LaneOutcome: Sendable {
    /// Nothing to do until somebody signals.
    case idle
    /// Something ran or was taken; ask again.
    case more
    /// Nothing may run before that instant.
    case wait(until: ContinuousClock.Instant)
}

/// A piece of work that runs once, or expires before its turn.
final class LaneJob: LaneWork {
    private enum State: UInt8, AtomicRepresentable {
        case waiting, begun, expired
    }

    let priority: LanePriority
    private let deadline: ContinuousClock.Instant?
    private let body: @Sendable () -> Void
    private let expired: @Sendable () -> Void
    private let state = Atomic(State.waiting)

    init(
        _ priority: LanePriority, until deadline: ContinuousClock.Instant?, _ body: @escaping @Sendable () -> Void,
        expired: @escaping @Sendable () -> Void
    ) {
        self.priority = priority
        self.deadline = deadline
        self.body = body
        self.expired = expired
    }

    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        if leave(for: .begun) { body() }
        return .idle
    }

    func watch(now: ContinuousClock.Instant) -> Bool {
        guard let deadline else { return false }
        if deadline <= now, leave(for: .expired) { expired() }
        return state.load(ordering: .relaxed) == .waiting
    }

    /// Whether the job has waited until now.
    private func leave(for next: State) -> Bool {
        state.compareExchange(expected: .waiting, desired: next, ordering: .acquiringAndReleasing).exchanged
    }
}
