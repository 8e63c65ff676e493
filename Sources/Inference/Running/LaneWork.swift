/// Something that has work for a lane now and then: the batches of one signature of one model.
package protocol LaneWork: AnyObject, Sendable {
    /// Runs at most one batch on the calling lane, in its workspace.
    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome

    /// Called every few milliseconds from when work was signalled, also while every lane is busy: to answer what is over its
    /// time and to stop runs that nobody waits for. Must not block.
    ///
    /// - Returns: whether anything still waits or runs; false ends the calls until the next signal.
    func watch(now: ContinuousClock.Instant) -> Bool
}

extension LaneWork {
    package func watch(now: ContinuousClock.Instant) -> Bool { false }
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

/// A piece of work that runs once.
final class LaneJob: LaneWork {
    private let body: @Sendable (Workspace) -> Void

    init(_ body: @escaping @Sendable (Workspace) -> Void) { self.body = body }

    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        body(workspace)
        return .idle
    }
}
