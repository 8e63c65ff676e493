import Synchronization
package import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Threads of our own, one for each core that may compute, each with a workspace; each runs one batch at a time.
///
/// Work is served in the order of its signals, one batch in turn, so that a busy model does not starve the others; what is of low
/// priority gets what the rest leaves, and a turn in nine. A further
/// thread looks after deadlines while there is work, so that they hold while every lane is busy.
@safe package final class LanePool: Sendable {
    private struct State {
        var queue = LaneQueue()
        var watched = WatchList()
        /// What each lane runs. It is watched whether or not anything of it waits.
        var running: [(any LaneWork)?]
        var idleLanes = 0
        var isWatcherAsleep = false
        var isStopping = false
    }

    private let lock = LaneLock()
    private nonisolated(unsafe) let state: UnsafeMutablePointer<State>
    private let threads = Mutex<[pthread_t]>([])
    private let ledger: (any MemoryLedger)?
    private let watchInterval: Duration
    private let trimDelay: Duration
    private let progress: [RunProgress]
    package let laneCount: Int

    /// A deadline is noticed at most so much late.
    package static let standardWatchInterval = Duration.milliseconds(10)
    /// How long a lane keeps the memory of its last run while it has nothing to do.
    package static let standardTrimDelay = Duration.seconds(2)
    /// An idle lane's memory that is not worth giving back.
    private static let keptByteCount = 1 << 20
    /// Looks without anything to look after before the watcher sleeps: a busy server never wakes it.
    private static let idleLookLimit = 100

    /// - Parameter ledger: counts the lanes' arenas.
    package init(
        laneCount: Int, ledger: (any MemoryLedger)? = nil, watchInterval: Duration = standardWatchInterval,
        trimDelay: Duration = standardTrimDelay
    ) {
        self.laneCount = max(1, laneCount)
        self.ledger = ledger
        self.watchInterval = watchInterval
        self.trimDelay = trimDelay
        progress = (0..<self.laneCount).map { _ in RunProgress() }
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State(running: Array(repeating: nil, count: self.laneCount)))
        for index in 0..<self.laneCount { start("lane \(index)") { $0.serve(index) } }
        start("lane watcher") { $0.watch() }
    }

    deinit {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Lanes that run something now.
    package var busyLaneCount: Int {
        lock.lock()
        defer { lock.unlock() }
        return unsafe state.pointee.running.count { $0 != nil }
    }

    /// For each lane the steps that it has run, which change as long as it gets on; nil for one that has nothing to run.
    package var progressOfBusyLanes: [UInt?] {
        lock.lock()
        defer { lock.unlock() }
        return unsafe zip(state.pointee.running, progress).map { $0 == nil ? nil : $1.stepCount }
    }

    /// Says that `work` has something to run. Cheap when it is known already.
    package func signal(_ work: any LaneWork) {
        lock.lock()
        let wakesLane = unsafe state.pointee.queue.enqueue(work) && state.pointee.idleLanes > 0
        unsafe state.pointee.watched.add(work)
        let wakesWatcher = unsafe state.pointee.isWatcherAsleep
        if wakesWatcher { unsafe state.pointee.isWatcherAsleep = false }
        lock.unlock()
        if wakesLane { lock.wake(.lane) }
        if wakesWatcher { lock.wake(.watcher) }
    }

    /// Runs `body` once on a lane, in the order of signals of its priority, or `expired` on the watcher when its turn has not come by `deadline`.
    /// Neither when the pool is stopped before.
    package func perform(
        _ priority: LanePriority = .high, until deadline: ContinuousClock.Instant? = nil, _ body: @escaping @Sendable () -> Void,
        expired: @escaping @Sendable () -> Void = {}
    ) {
        signal(LaneJob(priority, until: deadline, body, expired: expired))
    }

    /// Drops whatever the pool keeps for work that will not run again.
    package func forget(_ work: any LaneWork) {
        lock.lock()
        unsafe state.pointee.queue.forget(work)
        unsafe state.pointee.watched.remove(work)
        lock.unlock()
    }

    /// Lets running batches finish, then ends every lane. Work that is still queued stays where it is.
    package func stop() {
        lock.lock()
        unsafe state.pointee.isStopping = true
        lock.unlock()
        lock.wakeAll()
        let all = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in all { pthread_join(thread, nil) }
    }

    private func start(_ name: String, _ body: @escaping @Sendable (LanePool) -> Void) {
        let body = unsafe Unmanaged.passRetained(ThreadBody(pool: self, body: body))
        var thread = pthread_t()
        let result = unsafe pthread_create(&thread, nil, threadMain, body.toOpaque())
        precondition(result == 0, "cannot start \(name): errno \(result)")
        threads.withLock { $0.append(thread) }
    }

    // MARK: On the lanes

    private func serve(_ lane: Int) {
        let workspace = Workspace(ledger: ledger, progress: progress[lane])
        while let work = take(lane, workspace) { finish(lane, work, work.runNext(in: workspace, now: .now)) }
    }

    /// The next work in turn; nil when the pool stops.
    ///
    /// What has run is let go between `finish` and `take`, without the lock: its end may signal other work.
    private func take(_ lane: Int, _ workspace: Workspace) -> (any LaneWork)? {
        let idleSince = ContinuousClock.now
        lock.lock()
        defer { lock.unlock() }
        while unsafe !state.pointee.isStopping {
            wakeLanes(forPromoted: unsafe state.pointee.queue.promoteTimers(at: .now))
            if let work = unsafe state.pointee.queue.dequeue() {
                unsafe state.pointee.running[lane] = work
                progress[lane].note()
                if unsafe state.pointee.isWatcherAsleep { wakeWatcher() }
                return work
            }
            rest(workspace, since: idleSince)
        }
        return nil
    }

    /// One of several timers that end at once is for this lane; nobody has woken the others.
    private func wakeLanes(forPromoted count: Int) {
        for _ in 0..<max(0, min(count - 1, unsafe state.pointee.idleLanes)) { lock.wake(.lane) }
    }

    private func wakeWatcher() {
        unsafe state.pointee.isWatcherAsleep = false
        lock.wake(.watcher)
    }

    private func finish(_ lane: Int, _ work: any LaneWork, _ outcome: LaneOutcome) {
        lock.lock()
        defer { lock.unlock() }
        unsafe state.pointee.running[lane] = nil
        switch outcome {
        case .idle: break
        case .more: _ = unsafe state.pointee.queue.enqueue(work)
        case .wait(let instant): unsafe state.pointee.queue.setTimer(work, at: instant)
        }
    }

    /// Waits for work, for the next timer, or until it is time to give memory back.
    private func rest(_ workspace: Workspace, since idleSince: ContinuousClock.Instant) {
        let now = ContinuousClock.now, trimTime = idleSince + trimDelay
        let holdsMemory = workspace.byteCount > Self.keptByteCount
        if holdsMemory, now >= trimTime {
            lock.unlock()
            workspace.trim()
            lock.lock()
            return
        }
        var end = unsafe state.pointee.queue.earliestTimer
        if holdsMemory { end = min(end ?? trimTime, trimTime) }
        unsafe state.pointee.idleLanes += 1
        lock.wait(as: .lane, for: end.map { $0 - now })
        unsafe state.pointee.idleLanes -= 1
    }

    // MARK: On the watcher

    private func watch() {
        var idleLooks = 0
        while let works = beginLook(&idleLooks) {
            let now = ContinuousClock.now
            endLook(works.filter { !$0.watch(now: now) })
        }
    }

    /// Waits for the next look; nil when the pool stops. What was looked at is let go without the lock, as on the lanes.
    private func beginLook(_ idleLooks: inout Int) -> [any LaneWork]? {
        lock.lock()
        defer { lock.unlock() }
        guard unsafe !state.pointee.isStopping else { return nil }
        if unsafe state.pointee.watched.isEmpty, idleLooks >= Self.idleLookLimit {
            unsafe state.pointee.isWatcherAsleep = true
            lock.wait(as: .watcher, for: nil)
            unsafe state.pointee.isWatcherAsleep = false
            idleLooks = 0
        } else {
            lock.wait(as: .watcher, for: watchInterval)
        }
        let works = unsafe state.pointee.watched.beginLook(running: state.pointee.running)
        idleLooks = works.isEmpty ? idleLooks + 1 : 0
        return works
    }

    private func endLook(_ done: [any LaneWork]) {
        lock.lock()
        defer { lock.unlock() }
        unsafe state.pointee.watched.endLook(done)
    }
}

private final class ThreadBody {
    let pool: LanePool
    let body: @Sendable (LanePool) -> Void

    init(pool: LanePool, body: @escaping @Sendable (LanePool) -> Void) {
        self.pool = pool
        self.body = body
    }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let thread = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
    thread.body(thread.pool)
    return nil
}
