import Inference
import Synchronization
import Testing

@Suite struct LanePoolTests {
    /// Work that counts down and tells when it is done.
    private final class Countdown: LaneWork {
        let left: Mutex<Int>
        let concurrent = Atomic<Int>(0)
        let done: AsyncStream<Void>.Continuation
        let ran = Atomic<Int>(0)

        init(_ count: Int, _ done: AsyncStream<Void>.Continuation) {
            left = Mutex(count)
            self.done = done
        }

        func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
            let last: Bool? = left.withLock { left in
                guard left > 0 else { return nil }
                left -= 1
                return left == 0
            }
            guard let last else { return .idle }
            ran.add(1, ordering: .relaxed)
            if last { done.finish() }
            return .more
        }
    }

    @Test("every piece of work runs exactly once on any number of lanes", arguments: [1, 2, 4])
    func runsAll(lanes: Int) async {
        let pool = LanePool(laneCount: lanes)
        let (stream, done) = AsyncStream<Void>.makeStream()
        let work = Countdown(1000, done)
        for _ in 0..<10 { pool.signal(work) }
        for await _ in stream {}
        pool.stop()
        #expect(work.ran.load(ordering: .relaxed) == 1000)
    }

    /// Under load the queue is never empty; what has run must not be kept meanwhile.
    @Test("work that has run is let go while other work goes on")
    func letsGo() async {
        let pool = LanePool(laneCount: 1)
        let (endless, endlessDone) = AsyncStream<Void>.makeStream()
        let busy = [Countdown(100_000, endlessDone), Countdown(100_000, endlessDone)]
        weak var finished: Countdown?
        do {
            let (stream, done) = AsyncStream<Void>.makeStream()
            let work = Countdown(1, done)
            finished = work
            for other in busy { pool.signal(other) }
            pool.signal(work)
            for await _ in stream {}
        }
        for await _ in endless {}
        pool.stop()
        #expect(finished == nil)
    }

    /// Says once that it wants to wait, then runs.
    private final class Delayed: LaneWork {
        let asked = Atomic<Int>(0)
        let done: AsyncStream<ContinuousClock.Instant>.Continuation
        let until: ContinuousClock.Instant

        init(until: ContinuousClock.Instant, _ done: AsyncStream<ContinuousClock.Instant>.Continuation) {
            self.until = until
            self.done = done
        }

        func runNext(in workspace: Workspace, now: ContinuousClock.Instant) -> LaneOutcome {
            if asked.add(1, ordering: .relaxed).newValue == 1 { return .wait(until: until) }
            done.yield(now)
            done.finish()
            return .idle
        }
    }

    @Test("work that asks to wait runs again, not before its time")
    func waits() async {
        let pool = LanePool(laneCount: 2)
        let until = ContinuousClock.now + .milliseconds(20)
        let (stream, done) = AsyncStream<ContinuousClock.Instant>.makeStream()
        let work = Delayed(until: until, done)
        pool.signal(work)
        for await instant in stream { #expect(instant >= until) }
        pool.stop()
    }
}
