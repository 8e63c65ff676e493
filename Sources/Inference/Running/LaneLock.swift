#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A mutex with two conditions, for lanes and their watcher, which wait with a time limit.
@safe final class LaneLock: Sendable {
    /// Who waits.
    enum Waiter: Int {
        case lane = 0
        case watcher = 1
    }

    private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private nonisolated(unsafe) let conditions: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe conditions = .allocate(capacity: 2)
        unsafe conditions.initialize(repeating: pthread_cond_t(), count: 2)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        for index in 0..<2 { unsafe pthread_cond_init(conditions + index, &attributes) }
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        for index in 0..<2 { unsafe pthread_cond_destroy(conditions + index) }
        unsafe pthread_mutex_destroy(mutex)
        unsafe conditions.deallocate()
        unsafe mutex.deallocate()
    }

    func lock() { unsafe pthread_mutex_lock(mutex) }
    func unlock() { unsafe pthread_mutex_unlock(mutex) }
    func wake(_ waiter: Waiter) { unsafe pthread_cond_signal(conditions + waiter.rawValue) }

    func wakeAll() {
        for index in 0..<2 { unsafe pthread_cond_broadcast(conditions + index) }
    }

    /// No wait is longer, so that its end can be counted; whoever waits looks again.
    private static let longestWait = Duration.seconds(3600)

    /// Waits, with the lock given up meanwhile, for a wake or for about `duration`, or shorter.
    func wait(as waiter: Waiter, for duration: Duration?) {
        let condition = unsafe conditions + waiter.rawValue
        guard let duration else {
            unsafe pthread_cond_wait(condition, mutex)
            return
        }
        var deadline = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &deadline)
        let (seconds, attoseconds) = min(max(duration, .zero), Self.longestWait).components
        let nanoseconds = Int64(deadline.tv_nsec) + attoseconds / 1_000_000_000
        deadline.tv_sec += Int(seconds) + Int(nanoseconds / 1_000_000_000)
        deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
        unsafe pthread_cond_timedwait(condition, mutex, &deadline)
    }
}
