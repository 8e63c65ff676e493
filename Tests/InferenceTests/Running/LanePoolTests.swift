import Glibc
import Synchronization
import Testing

@testable import Inference

@Suite(.serialized) struct LanePoolTests {
    /// A pool that lives as long as the call.
    private static func withPool(
        _ laneCount: Int, ledger: CountingLedger? = nil, watchInterval: Duration = .milliseconds(1),
        trimDelay: Duration = LanePool.standardTrimDelay, _ body: (LanePool) throws -> Void
    ) rethrows {
        let pool = LanePool(laneCount: laneCount, ledger: ledger, watchInterval: watchInterval, trimDelay: trimDelay)
        defer { pool.stop() }
        try body(pool)
    }

    /// Work that runs `count` times.
    private static func countdown(_ count: Int) -> FakeWork {
        let left = Mutex(count)
        return FakeWork { _, _ in
            left.withLock { left in
                left -= 1
                return left > 0 ? .more : .idle
            }
        }
    }

    @Test("every piece of work runs as often as it says on any number of lanes", arguments: [1, 2, 4])
    func runsAll(lanes: Int) {
        Self.withPool(lanes) { pool in
            let works = (0..<10).map { _ in Self.countdown(200) }
            for work in works { pool.signal(work) }
            #expect(waitUntil { works.allSatisfy { $0.runCount == 200 } })
        }
    }

    @Test("a lane shows that it gets on, and that it does not")
    func progress() {
        Self.withPool(1) { pool in
            #expect(waitUntil { pool.progressOfBusyLanes == [nil] })
            let isOver = Atomic(false)
            let endless = FakeWork { _, _ in isOver.load(ordering: .relaxed) ? .idle : .more }
            pool.signal(endless)
            var seen: Set<UInt?> = []
            #expect(
                waitUntil {
                    seen.formUnion(pool.progressOfBusyLanes); return seen.count > 3
                })
            isOver.store(true, ordering: .relaxed)
            let isFree = Atomic(false)
            let hung = FakeWork { _, _ in
                while !isFree.load(ordering: .relaxed) { usleep(100) }
                return .idle
            }
            #expect(waitUntil { pool.busyLaneCount == 0 })
            pool.signal(hung)
            #expect(waitUntil { pool.busyLaneCount == 1 })
            let stuck = pool.progressOfBusyLanes
            usleep(2_000)
            #expect(stuck != [nil] && pool.progressOfBusyLanes == stuck)
            isFree.store(true, ordering: .relaxed)
            #expect(waitUntil { pool.progressOfBusyLanes == [nil] })
        }
    }

    /// Under load the queue is never empty; what has run must not be kept meanwhile.
    @Test("work that has run is let go while other work goes on")
    func letsGo() {
        Self.withPool(1) { pool in
            let isOver = Atomic(false)
            let busy = [FakeWork(), FakeWork()].map { _ in FakeWork { _, _ in isOver.load(ordering: .relaxed) ? .idle : .more } }
            for work in busy { pool.signal(work) }
            weak var finished: FakeWork?
            do {
                let work = Self.countdown(1)
                finished = work
                pool.signal(work)
                #expect(waitUntil { work.runCount == 1 })
            }
            #expect(waitUntil { finished == nil })
            isOver.store(true, ordering: .relaxed)
        }
    }

    /// The last reference once ended under the pool's lock.
    @Test("work whose end signals the pool does not block it")
    func signalsAtEnd() {
        Self.withPool(2) { pool in
            let ended = Atomic(0)
            for _ in 0..<200 {
                pool.signal(
                    FakeWork(end: {
                        pool.signal(FakeWork(end: { ended.add(1, ordering: .relaxed) }))
                    }))
                pool.perform(until: .now + .seconds(60)) {}
            }
            #expect(waitUntil { ended.load(ordering: .relaxed) == 200 })
        }
    }

    // MARK: Priorities

    /// Keeps the only lane, lets `signal` signal what it likes, and gives the order in which that ran.
    private static func order(_ signal: (LanePool, _ named: (String, LanePriority) -> FakeWork) -> Void) -> [String] {
        let order = Mutex<[String]>([]), gate = Gate(), works = Mutex<[FakeWork]>([])
        withPool(1) { pool in
            let isBusy = Gate()
            pool.signal(
                FakeWork { _, _ in
                    isBusy.open()
                    gate.wait()
                    return .idle
                })
            isBusy.wait()
            signal(pool) { name, priority in
                let work = FakeWork(
                    { _, _ in
                        order.withLock { $0.append(name) }
                        return .idle
                    }, priority: priority)
                works.withLock { $0.append(work) }
                return work
            }
            gate.open()
            let count = works.withLock { $0.count }
            #expect(waitUntil { order.withLock { $0.count } == count })
        }
        return order.withLock { $0 }
    }

    @Test("work of high priority goes first, whenever it was signalled")
    func priorities() {
        let order = Self.order { pool, work in
            for name in ["a", "b"] { pool.signal(work(name, .low)) }
            for name in ["c", "d"] { pool.signal(work(name, .high)) }
        }
        #expect(order == ["c", "d", "a", "b"])
    }

    @Test("work of low priority has one turn in nine, however much of high priority there is")
    func lowPriorityGoesOn() {
        let order = Self.order { pool, work in
            for name in ["low 1", "low 2"] { pool.signal(work(name, .low)) }
            for number in 0..<30 { pool.signal(work("\(number)", .high)) }
        }
        #expect(order.firstIndex(of: "low 1") == 8)
        #expect(order.firstIndex(of: "low 2") == 17)
    }

    // MARK: Timers

    @Test("work that asks to wait runs again, not before its time")
    func waits() {
        Self.withPool(2) { pool in
            let until = ContinuousClock.now + .milliseconds(20)
            let early = Atomic(0)
            let work = FakeWork { [asked = Atomic(false)] _, now in
                if !asked.exchange(true, ordering: .relaxed) { return .wait(until: until) }
                if now < until { early.add(1, ordering: .relaxed) }
                return .idle
            }
            pool.signal(work)
            #expect(waitUntil { work.runCount == 2 })
            #expect(early.load(ordering: .relaxed) == 0)
        }
    }

    @Test("a later timer takes the place of the earlier one, and a signal does not wait for it")
    func rearms() {
        var queue = LaneQueue()
        let work = FakeWork(), start = ContinuousClock.now
        queue.setTimer(work, at: start + .seconds(1))
        queue.setTimer(work, at: start + .seconds(5))
        #expect(queue.promoteTimers(at: start + .seconds(2)) == 0)
        #expect(queue.dequeue() == nil)
        #expect(queue.earliestTimer == start + .seconds(5))
        #expect(queue.enqueue(work) && !queue.enqueue(work))
        #expect(queue.promoteTimers(at: start + .seconds(5)) == 0, "it is queued already")
        #expect(queue.dequeue() === work)
        #expect(queue.dequeue() == nil)
        #expect(queue.earliestTimer == nil)
    }

    @Test("a timer does not keep its work alive, nor does another's at the same place begin early")
    func weakTimers() {
        var queue = LaneQueue()
        let start = ContinuousClock.now
        weak var freed: FakeWork?
        do {
            let work = FakeWork()
            freed = work
            queue.setTimer(work, at: start + .seconds(1))
        }
        #expect(freed == nil)
        #expect(queue.promoteTimers(at: start + .seconds(2)) == 0)
        #expect(queue.dequeue() == nil)
        #expect(queue.earliestTimer == nil)
    }

    @Test("forgotten work is not run by its timer")
    func forgets() {
        var queue = LaneQueue()
        let work = FakeWork(), start = ContinuousClock.now
        queue.setTimer(work, at: start)
        queue.forget(work)
        #expect(queue.promoteTimers(at: start + .seconds(1)) == 0)
        Self.withPool(1) { pool in
            let forgotten = FakeWork({ _, _ in .wait(until: .now + .milliseconds(30)) }, look: { _ in true })
            pool.signal(forgotten)
            #expect(waitUntil { forgotten.runCount == 1 && forgotten.lookCount > 0 })
            let later = FakeWork { [asked = Atomic(false)] _, _ in
                asked.exchange(true, ordering: .relaxed) ? .idle : .wait(until: .now + .milliseconds(60))
            }
            pool.forget(forgotten)
            pool.signal(later)
            #expect(waitUntil { later.runCount == 2 })
            #expect(forgotten.runCount == 1)
            pool.signal(forgotten)
            #expect(waitUntil { forgotten.runCount == 2 }, "a signal brings it back")
        }
    }

    @Test("timers that end at once occupy every idle lane", arguments: [0, 5])
    func timersTogether(milliseconds: Int) {
        for _ in 0..<10 {
            Self.withPool(4) { pool in
                let until = ContinuousClock.now + .milliseconds(milliseconds)
                let running = Atomic(0)
                let met = Atomic(0)
                // Each holds its lane until all are running.
                let works = (0..<4).map { _ in
                    FakeWork { [asked = Atomic(false)] _, _ in
                        guard asked.exchange(true, ordering: .relaxed) else { return .wait(until: until) }
                        running.add(1, ordering: .relaxed)
                        if waitUntil({ running.load(ordering: .relaxed) == 4 }) { met.add(1, ordering: .relaxed) }
                        return .idle
                    }
                }
                for work in works { pool.signal(work) }
                #expect(waitUntil { met.load(ordering: .relaxed) == 4 })
                // A timer does not keep its work alive.
                withExtendedLifetime(works) {}
            }
        }
    }

    @Test("a timer far in the future is waited for without harm")
    func farTimer() {
        Self.withPool(1) { pool in
            let work = FakeWork { _, _ in .wait(until: .now + .seconds(Int64.max / 4)) }
            pool.signal(work)
            #expect(waitUntil { work.runCount == 1 })
            let next = FakeWork()
            pool.signal(next)
            #expect(waitUntil { next.runCount == 1 })
        }
    }

    // MARK: Watching

    @Test("work is watched while every lane is busy, until it says that nothing waits, and again from the next signal")
    func watches() {
        Self.withPool(1) { pool in
            let gate = Gate(), wants = Atomic(true)
            let blocker = FakeWork { _, _ in
                gate.wait()
                return .idle
            }
            pool.signal(blocker)
            let work = FakeWork(look: { _ in wants.load(ordering: .relaxed) })
            pool.signal(work)
            #expect(waitUntil { work.lookCount >= 3 })
            #expect(work.runCount == 0, "the lane is busy")
            wants.store(false, ordering: .relaxed)
            let seen = work.lookCount
            #expect(waitUntil { work.lookCount > seen })
            let other = FakeWork(look: { _ in true })
            pool.signal(other)
            #expect(waitUntil { other.lookCount >= 5 })
            let last = work.lookCount
            let others = other.lookCount
            #expect(waitUntil { other.lookCount >= others + 5 })
            #expect(work.lookCount == last, "nobody looks any more")
            pool.signal(work)
            #expect(waitUntil { work.lookCount > last }, "a signal begins anew, though the work is queued")
            pool.forget(other)
            gate.open()
            #expect(waitUntil { work.runCount == 1 })
        }
    }

    /// Between taking a batch from its queue and noting it as running, a runner has nothing that it could be asked about.
    @Test("work that runs is looked at, though nothing waited at an earlier look or it was forgotten", arguments: [false, true])
    func watchesRunning(isForgotten: Bool) {
        Self.withPool(1) { pool in
            let isNoted = Atomic(false), isCancelled = Atomic(false), cell = Mutex<FakeWork?>(nil)
            let work = FakeWork(
                { _, _ in
                    #expect(waitUntil { cell.withLock { $0?.lookCount ?? 0 } >= 3 }, "looks that find nothing")
                    if isForgotten { cell.withLock { $0.map { pool.forget($0) } } }
                    isNoted.store(true, ordering: .sequentiallyConsistent)
                    #expect(waitUntil { isCancelled.load(ordering: .sequentiallyConsistent) }, "a look that finds the run")
                    return .idle
                },
                look: { _ in
                    guard isNoted.load(ordering: .sequentiallyConsistent) else { return false }
                    isCancelled.store(true, ordering: .sequentiallyConsistent)
                    return true
                })
            cell.withLock { $0 = work }
            pool.signal(work)
            #expect(waitUntil { work.runCount == 1 })
            cell.withLock { $0 = nil }
        }
    }

    @Test("a watcher that sleeps after long idleness wakes for the next signal")
    func wakesWatcher() {
        Self.withPool(1, watchInterval: .microseconds(50)) { pool in
            for _ in 0..<20 {
                let work = FakeWork()
                pool.signal(work)
                #expect(waitUntil { work.lookCount >= 1 })
                // More looks than it takes to fall asleep.
                let end = ContinuousClock.now + .milliseconds(20)
                #expect(waitUntil { ContinuousClock.now >= end })
            }
        }
    }

    // MARK: Single pieces

    @Test("a piece with a deadline runs or expires, exactly once, however close they are", arguments: [1, 2])
    func performsOnce(lanes: Int) {
        let count = 3000
        let ran = (0..<count).map { _ in Counter() }, expired = (0..<count).map { _ in Counter() }
        Self.withPool(lanes, watchInterval: .microseconds(100)) { pool in
            var random = SeededRandom(lanes)
            for index in 0..<count {
                let deadline = ContinuousClock.now + .microseconds(random.pick([0, random.below(400), random.below(4000), 60_000_000]))
                pool.perform(until: deadline, { ran[index].count() }, expired: { expired[index].count() })
                if index % 50 == 0 { pool.perform { spinBriefly() } }
            }
            #expect(waitUntil { (0..<count).allSatisfy { ran[$0].value + expired[$0].value > 0 } })
        }
        #expect((0..<count).allSatisfy { ran[$0].value + expired[$0].value == 1 })
        #expect(ran.contains { $0.value == 1 })
    }

    @Test("a piece that waits behind a busy lane expires at its deadline; one without a deadline runs afterwards")
    func expires() {
        Self.withPool(1) { pool in
            let gate = Gate(), expired = Counter(), ran = Counter(), late = Counter()
            pool.perform { gate.wait() }
            let deadline = ContinuousClock.now + .milliseconds(5)
            pool.perform(
                until: deadline, { late.count() },
                expired: {
                    #expect(ContinuousClock.now >= deadline)
                    expired.count()
                })
            pool.perform { ran.count() }
            #expect(waitUntil { expired.value == 1 })
            #expect(ran.value == 0)
            gate.open()
            #expect(waitUntil { ran.value == 1 })
            #expect(late.value == 0 && expired.value == 1)
        }
    }

    // MARK: Memory and the end

    @Test("an idle lane gives its memory back")
    func trims() {
        let ledger = CountingLedger()
        Self.withPool(1, ledger: ledger, trimDelay: .milliseconds(40)) { pool in
            let large = FakeWork { workspace, _ in
                #expect(throws: Never.self) { try workspace.withStaging([8 << 20]) { _ in } }
                return .idle
            }
            pool.signal(large)
            #expect(waitUntil { large.runCount == 1 })
            #expect(ledger.most >= 8 << 20)
            #expect(waitUntil { ledger.used == 0 })
        }
    }

    @Test("stopping ends every thread, lets what runs finish and leaves what is queued")
    func stops() {
        let gate = Gate(), ledger = CountingLedger(), queued = FakeWork()
        weak var pool: LanePool?
        do {
            let running = LanePool(laneCount: 1, ledger: ledger, watchInterval: .milliseconds(1))
            pool = running
            let first = FakeWork { workspace, _ in
                #expect(throws: Never.self) { try workspace.withStaging([100]) { _ in _ = gate.wait() } }
                return .more
            }
            running.signal(first)
            #expect(waitUntil { ledger.used > 0 })
            running.signal(queued)
            gate.open()
            running.stop()
            #expect(first.runCount >= 1)
            let count = first.runCount
            running.signal(first)
            running.stop()
            #expect(first.runCount == count)
        }
        #expect(ledger.used == 0, "the lane's workspace is gone")
        #expect(pool == nil, "no thread holds the pool")
    }
}

private final class Counter: Sendable {
    private let counted = Atomic(0)
    var value: Int { counted.load(ordering: .acquiring) }
    func count() { counted.add(1, ordering: .releasing) }
}

/// Keeps a lane busy for about a deadline's length.
private func spinBriefly() {
    let end = ContinuousClock.now + .microseconds(300)
    while ContinuousClock.now < end {}
}
