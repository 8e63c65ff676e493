/// Work that lanes have to do, and when. Protected by the pool's lock.
struct LaneQueue {
    /// In the order of signals; what has been taken is nil and stands before `head`.
    private var ready: [(any LaneWork)?] = []
    private var head = 0
    private var queued: Set<ObjectIdentifier> = []
    /// At most one for each piece of work. They do not keep the work alive: when it goes, so does its timer.
    private var timers: [ObjectIdentifier: Timer] = [:]
    private(set) var earliestTimer: ContinuousClock.Instant?

    private struct Timer {
        let instant: ContinuousClock.Instant
        weak var work: (any LaneWork)?
    }

    /// Room before `head` that is given up at once: seldom enough to cost nothing, often enough to stay small.
    private static let takenLimit = 64

    /// - Returns: false when the work is queued already.
    mutating func enqueue(_ work: any LaneWork) -> Bool {
        guard queued.insert(ObjectIdentifier(work)).inserted else { return false }
        ready.append(work)
        return true
    }

    mutating func dequeue() -> (any LaneWork)? {
        guard head < ready.count, let work = ready[head] else { return nil }
        ready[head] = nil
        head += 1
        queued.remove(ObjectIdentifier(work))
        if head == ready.count {
            ready.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= Self.takenLimit {
            ready.removeFirst(head)
            head = 0
        }
        return work
    }

    mutating func setTimer(_ work: any LaneWork, at instant: ContinuousClock.Instant) {
        timers[ObjectIdentifier(work)] = Timer(instant: instant, work: work)
        earliestTimer = min(earliestTimer ?? instant, instant)
    }

    /// Enqueues what has waited long enough.
    ///
    /// - Returns: how many pieces of work became ready.
    mutating func promoteTimers(at now: ContinuousClock.Instant) -> Int {
        guard let earliest = earliestTimer, earliest <= now else { return 0 }
        var count = 0
        earliestTimer = nil
        for (key, timer) in timers {
            // Work is touched only to be queued: no last reference may end under the pool's lock.
            guard timer.instant <= now else {
                earliestTimer = min(earliestTimer ?? timer.instant, timer.instant)
                continue
            }
            timers[key] = nil
            if let work = timer.work, enqueue(work) { count += 1 }
        }
        return count
    }

    /// Drops the timer of work that will not run again.
    mutating func forget(_ work: any LaneWork) { timers[ObjectIdentifier(work)] = nil }
}
