import Batching
import Inference
import ServableCore

/// The calls of one signature that wait for a lane, all of one priority.
///
/// Each priority has a line, and a bound, of its own, so that waiting work of low priority takes no place from that of high priority.
final class CallLine: LaneWork {
    let priority: LanePriority
    private let queue: BatchQueue<PendingCall>
    private let runner: BatchRunner
    private let lanes: LanePool

    init(_ priority: CallPriority, policy: BatchPolicy, runner: BatchRunner, lanes: LanePool) {
        self.priority = priority == .high ? .high : .low
        queue = BatchQueue(policy: policy)
        self.runner = runner
        self.lanes = lanes
    }

    /// Lanes hold on to a line that was signalled, so that only one that waits for company can end with calls in it.
    deinit {
        for call in queue.close() { call.fail(Self.unloaded) }
    }

    var queuedRowCount: Int { queue.queuedRowCount }

    func submit(_ call: PendingCall) throws(ServableError) {
        do {
            try queue.submit(call)
        } catch {
            throw Self.status(of: error)
        }
        lanes.signal(self)
    }

    func replace(policy: BatchPolicy) {
        queue.replace(policy: policy)
        // What has waited for company may have waited long enough by the new policy.
        if queue.queuedTaskCount > 0 { lanes.signal(self) }
    }

    /// Lets what is queued run as soon as a lane is free, whatever it was to wait for.
    func beginDrain() {
        queue.beginDrain()
        lanes.forget(self)
        if queue.queuedTaskCount > 0 { lanes.signal(self) }
    }

    private static func status(of refusal: BatchRefusal) -> ServableError {
        switch refusal {
        case .queueFull: ServableError(.resourceExhausted, refusal.description)
        case .taskTooLarge: ServableError(.invalidArgument, refusal.description)
        case .closed: unloaded
        }
    }

    private static let unloaded = ServableError(.unavailable, "the version is being unloaded; try again")

    // MARK: On a lane

    func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
        switch queue.takeBatch(now: now, rowLimit: runner.rowLimit) {
        case .empty(let dropped):
            dropped.forEach { $0.failUnrun() }
            return .idle
        case .waitUntil(let instant, let dropped):
            dropped.forEach { $0.failUnrun() }
            return .wait(until: instant)
        case .batch(let calls, let dropped):
            dropped.forEach { $0.failUnrun() }
            // A further lane, if one is idle, takes what this batch has left.
            if queue.queuedTaskCount > 0 { lanes.signal(self) }
            runner.run(calls, workspace)
            return queue.queuedTaskCount > 0 ? .more : .idle
        }
    }

    func watch(now: ContinuousClock.Instant) -> Bool {
        queue.takeDropped(now: now).forEach { $0.failUnrun() }
        let isRunning = runner.watch(now: now)
        return isRunning || queue.queuedTaskCount > 0
    }
}
