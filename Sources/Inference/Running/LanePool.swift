import Synchronization
package import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Threads of our own, one for each core that may compute, each with a workspace; each runs one batch at a time.
///
/// Work is served in the order of its signals, one batch in turn, so that a busy model does not starve the others. A further
/// thread looks after deadlines while there is work, so that they hold while every lane is busy.
@safe package final class LanePool: Sendable {
    private struct State {
        var queue = LaneQueue()
        var watched = WatchList()
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
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State())
        for index in 0..<self.laneCount { start("lane \(index)") { $0.serve() } }
        start("lane watcher") { $0.watch() }
    }

    deinit {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
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

    /// Runs `body` once on a lane, in the order of signals, or `expired` on the watcher when its turn has not come by `deadline`.
    /// Neither when the pool is stopped before.
    package func perform(
        until deadline: ContinuousClock.Instant? = nil, _ body: @escaping @Sendable () -> Void,
        expired: @escaping @Sendable () -> Void = {}
    ) {
        signal(LaneJob(until: deadline, body, expired: expired))
    }

    /// Drops the timer of work, and looks after it no more until it is signalled again.
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

    private func serve() {
        let workspace = Workspace(ledger: ledger)
        while let work = next(workspace) { run(work, workspace) }
    }

    /// Waits for work; nil when the pool stops.
    private func next(_ workspace: Workspace) -> (any LaneWork)? {
        lock.lock()
        defer { lock.unlock() }
        while unsafe !state.pointee.isStopping {
            let now = ContinuousClock.now
            unsafe state.pointee.queue.promoteTimers(at: now)
            if let work = unsafe state.pointee.queue.dequeue() { return work }
            rest(workspace, since: now)
        }
        return nil
    }

    /// The work may end with the call, with all that it holds: hence not under the lock.
    private func run(_ work: any LaneWork, _ workspace: Workspace) {
        let outcome = work.runNext(in: workspace, now: .now)
        switch outcome {
        case .idle: return
        case .more:
            lock.lock()
            _ = unsafe state.pointee.queue.enqueue(work)
        case .wait(let instant):
            lock.lock()
            unsafe state.pointee.queue.setTimer(work, at: instant)
        }
        lock.unlock()
    }

    /// Waits for work, for the next timer, or until it is time to give memory back.
    private func rest(_ workspace: Workspace, since start: ContinuousClock.Instant) {
        let holdsMemory = workspace.byteCount > Self.keptByteCount
        var timeout = unsafe state.pointee.queue.earliestTimer.map { $0 - start }
        if holdsMemory { timeout = min(timeout ?? trimDelay, trimDelay) }
        unsafe state.pointee.idleLanes += 1
        lock.wait(as: .lane, for: timeout)
        unsafe state.pointee.idleLanes -= 1
        // An early wake costs one growth of the arena, no more.
        if holdsMemory, ContinuousClock.now - start >= trimDelay { workspace.trim() }
    }

    // MARK: On the watcher

    private func watch() {
        var idleLooks = 0
        while let works = nextLook(&idleLooks) {
            let now = ContinuousClock.now
            let done = works.filter { !$0.watch(now: now) }
            lock.lock()
            unsafe state.pointee.watched.endLook(done)
            lock.unlock()
            // Whatever ends now does not end under the lock.
            withExtendedLifetime((works, done)) {}
        }
    }

    /// Waits for the time of the next look; nil when the pool stops.
    private func nextLook(_ idleLooks: inout Int) -> [any LaneWork]? {
        lock.lock()
        defer { lock.unlock() }
        if unsafe state.pointee.isStopping { return nil }
        if unsafe state.pointee.watched.isEmpty, idleLooks >= Self.idleLookLimit {
            unsafe state.pointee.isWatcherAsleep = true
            lock.wait(as: .watcher, for: nil)
            unsafe state.pointee.isWatcherAsleep = false
            idleLooks = 0
        } else {
            lock.wait(as: .watcher, for: watchInterval)
        }
        let works = unsafe state.pointee.watched.beginLook()
        idleLooks = works.isEmpty ? idleLooks + 1 : 0
        return unsafe state.pointee.isStopping ? nil : works
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
