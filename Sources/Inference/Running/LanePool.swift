import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Something that has work for a lane now and then: the batches of one signature of one model.
package protocol LaneWork: AnyObject, Sendable {
    /// Runs at most one batch on the calling lane.
    func runNext(now: ContinuousClock.Instant) -> LaneOutcome
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

/// Threads of our own, one for each core that may compute; each runs one batch at a time.
///
/// Work is served in the order of its signals, one batch in turn, so that a busy model does not starve the others.
@safe package final class LanePool: Sendable {
    private struct State {
        /// In the order of signals; what has been taken is nil and stands before `head`.
        var ready: [(any LaneWork)?] = []
        var head = 0
        var queued: Set<ObjectIdentifier> = []
        var timers: [(at: ContinuousClock.Instant, work: any LaneWork)] = []
        var idleLanes = 0
        var isStopping = false

        /// Room before `head` that is given up at once: seldom enough to cost nothing, often enough to stay small.
        private static let takenLimit = 64

        mutating func dropTaken() {
            if head == ready.count {
                ready.removeAll(keepingCapacity: true)
                head = 0
            } else if head >= Self.takenLimit {
                ready.removeFirst(head)
                head = 0
            }
        }
    }

    private let lock: LaneLock
    private nonisolated(unsafe) let state: UnsafeMutablePointer<State>
    private let threads = Mutex<[pthread_t]>([])
    package let laneCount: Int

    package init(laneCount: Int) {
        self.laneCount = max(1, laneCount)
        lock = LaneLock()
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State())
        for index in 0..<self.laneCount { start(index) }
    }

    deinit {
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Says that `work` has something to run. Cheap when it is known already.
    package func signal(_ work: any LaneWork) {
        lock.lock()
        let wakes = unsafe enqueue(work) && state.pointee.idleLanes > 0
        lock.unlock()
        if wakes { lock.wakeOne() }
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

    private func enqueue(_ work: any LaneWork) -> Bool {
        guard unsafe state.pointee.queued.insert(ObjectIdentifier(work)).inserted else { return false }
        unsafe state.pointee.ready.append(work)
        return true
    }

    // MARK: On the lanes

    private func start(_ index: Int) {
        let body = unsafe Unmanaged.passRetained(LaneBody(pool: self))
        var thread = pthread_t()
        let result = unsafe pthread_create(&thread, nil, laneMain, body.toOpaque())
        precondition(result == 0, "cannot start lane \(index): errno \(result)")
        threads.withLock { $0.append(thread) }
    }

    fileprivate func serve() {
        let clock = ContinuousClock()
        lock.lock()
        while unsafe !state.pointee.isStopping {
            let now = clock.now
            promoteTimers(now)
            guard let work = dequeue() else {
                unsafe state.pointee.idleLanes += 1
                unsafe lock.wait(until: state.pointee.timers.map(\.at).min().map { $0 - now })
                unsafe state.pointee.idleLanes -= 1
                continue
            }
            lock.unlock()
            let outcome = work.runNext(now: now)
            lock.lock()
            switch outcome {
            case .idle: break
            case .more: _ = enqueue(work)
            case .wait(let instant): unsafe state.pointee.timers.append((instant, work))
            }
        }
        lock.unlock()
    }

    private func dequeue() -> (any LaneWork)? {
        guard unsafe state.pointee.head < state.pointee.ready.count else { return nil }
        let head = unsafe state.pointee.head
        guard let work = unsafe state.pointee.ready[head] else { preconditionFailure("work was taken twice") }
        unsafe state.pointee.ready[head] = nil
        unsafe state.pointee.head = head + 1
        unsafe state.pointee.dropTaken()
        unsafe state.pointee.queued.remove(ObjectIdentifier(work))
        return work
    }

    private func promoteTimers(_ now: ContinuousClock.Instant) {
        guard unsafe !state.pointee.timers.isEmpty else { return }
        for timer in unsafe state.pointee.timers where timer.at <= now { _ = enqueue(timer.work) }
        unsafe state.pointee.timers.removeAll { $0.at <= now }
    }
}

private final class LaneBody {
    let pool: LanePool
    init(pool: LanePool) { self.pool = pool }
}

private func laneMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    unsafe Unmanaged<LaneBody>.fromOpaque(argument).takeRetainedValue().pool.serve()
    return nil
}

/// A mutex with a condition, for lanes that wait with a time limit.
@safe private final class LaneLock: Sendable {
    private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private nonisolated(unsafe) let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition = .allocate(capacity: 1)
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    func lock() { unsafe pthread_mutex_lock(mutex) }
    func unlock() { unsafe pthread_mutex_unlock(mutex) }
    func wakeOne() { unsafe pthread_cond_signal(condition) }
    func wakeAll() { unsafe pthread_cond_broadcast(condition) }

    /// Waits, with the lock given up meanwhile, for a wake or for `duration`.
    func wait(until duration: Duration?) {
        guard let duration else {
            unsafe pthread_cond_wait(condition, mutex)
            return
        }
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = max(duration, .zero).components
        let nanoseconds = Int64(deadline.tv_nsec) + attoseconds / 1_000_000_000
        deadline.tv_sec += Int(seconds) + Int(nanoseconds / 1_000_000_000)
        deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
        unsafe pthread_cond_timedwait(condition, mutex, &deadline)
    }
}
