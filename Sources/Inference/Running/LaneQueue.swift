/// Work that lanes have to do, and when. Protected by the pool's lock.
struct LaneQueue {
    private var urgent = ReadyList()
    private var deferred = ReadyList()
    /// Works of high priority that were taken while others waited, since the last one of these.
    private var urgentInRow = 0
    private var queued: Set<ObjectIdentifier> = []
    /// At most one for each piece of work. They do not keep the work alive: when it goes, so does its timer.
    private var timers: [ObjectIdentifier: Timer] = [:]
    private(set) var earliestTimer: ContinuousClock.Instant?

    private struct Timer {
        let instant: ContinuousClock.Instant
        weak var work: (any LaneWork)?
    }

    /// So many works of high priority go first, then one of low priority has its turn: it is slowed down, never stopped.
    private static let urgentTurns = 8

    /// - Returns: false when the work is queued already.
    mutating func enqueue(_ work: any LaneWork) -> Bool {
        guard queued.insert(ObjectIdentifier(work)).inserted else { return false }
        switch work.priority {
        case .high: urgent.append(work)
        case .low: deferred.append(work)
        }
        return true
    }

    mutating func dequeue() -> (any LaneWork)? {
        guard let work = next() else { return nil }
        queued.remove(ObjectIdentifier(work))
        return work
    }

    private mutating func next() -> (any LaneWork)? {
        guard !deferred.isEmpty else { return urgent.popFirst() }
        guard !urgent.isEmpty, urgentInRow < Self.urgentTurns else {
            urgentInRow = 0
            return deferred.popFirst()
        }
        urgentInRow += 1
        return urgent.popFirst()
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

/// Works in the order of their signals.
private struct ReadyList {
    /// What has been taken is nil and stands before `head`.
    private var works: [(any LaneWork)?] = []
    private var head = 0

    /// Room before `head` that is given up at once: seldom enough to cost nothing, often enough to stay small.
    private static let takenLimit = 64

    var isEmpty: Bool { head == works.count }

    mutating func append(_ work: any LaneWork) { works.append(work) }

    mutating func popFirst() -> (any LaneWork)? {
        guard head < works.count, let work = works[head] else { return nil }
        works[head] = nil
        head += 1
        if head == works.count {
            works.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= Self.takenLimit {
            works.removeFirst(head)
            head = 0
        }
        return work
    }
}
