import HTTPCore
import Testing

@Suite("TimerWheel")
struct TimerWheelTests {
    private static let tick = Duration.nanoseconds(TimerWheel.nanosecondsPerTick)
    private let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    @Test("gives an entry after its deadline and at most two ticks later", arguments: [0, 1, 130, 1000, 60_000])
    func dueInTime(milliseconds: Int) {
        var wheel = TimerWheel(now: start)
        let deadline = start + .milliseconds(milliseconds)
        wheel.schedule(3, at: deadline)
        #expect(wheel.takeDue(now: deadline).isEmpty)
        #expect(wheel.nextWake > deadline)
        #expect(wheel.takeDue(now: deadline + Self.tick + Self.tick) == [3])
        #expect(wheel.nextWake == .never)
    }

    @Test("wakes early for what lies beyond one turn, so that the owner can schedule again")
    func beyondOneTurn() {
        var wheel = TimerWheel(now: start)
        let deadline = start + .seconds(3600)
        wheel.schedule(0, at: deadline)
        var asked = 0
        var now = start
        while now <= deadline {
            now = wheel.nextWake
            #expect(wheel.takeDue(now: now) == [0])
            asked += 1
            if now <= deadline { wheel.schedule(0, at: deadline) }
        }
        #expect(now > deadline && asked < 100)
    }

    @Test("moves an entry to an earlier deadline but leaves it for a later one")
    func movesEarlierOnly() {
        var wheel = TimerWheel(now: start)
        wheel.schedule(1, at: start + .seconds(10))
        let late = wheel.nextWake
        wheel.schedule(1, at: start + .seconds(20))
        #expect(wheel.nextWake == late)
        wheel.schedule(1, at: start + .seconds(5))
        #expect(wheel.nextWake < late)
        #expect(wheel.takeDue(now: start + .seconds(6)) == [1])
        #expect(wheel.takeDue(now: start + .seconds(30)).isEmpty)
    }

    @Test("forgets cancelled entries, wherever they stand in their slot")
    func cancels() {
        for cancelled in 0..<4 {
            var wheel = TimerWheel(now: start)
            for id in 0..<4 { wheel.schedule(id, at: start + .seconds(1)) }
            wheel.cancel(cancelled)
            wheel.cancel(cancelled)
            wheel.cancel(99)
            #expect(Set(wheel.takeDue(now: start + .seconds(2))) == Set(0..<4).subtracting([cancelled]))
        }
    }

    @Test("agrees with a plain list of deadlines over many random steps")
    func agreesWithModel() {
        var generator = SplitMix(state: 42)
        var wheel = TimerWheel(now: start)
        var deadlines: [Int: MonotonicInstant] = [:]
        var now = start
        for _ in 0..<20_000 {
            let id = Int(generator.next() % 50)
            switch generator.next() % 4 {
            case 0, 1:
                let deadline = now + .milliseconds(Int(generator.next() % 90_000))
                deadlines[id] = deadline
                wheel.schedule(id, at: deadline)
            case 2:
                deadlines[id] = nil
                wheel.cancel(id)
            default:
                now = now + .milliseconds(Int(generator.next() % 3000))
                for due in wheel.takeDue(now: now) {
                    guard let deadline = deadlines[due] else { continue }
                    if deadline <= now { deadlines[due] = nil } else { wheel.schedule(due, at: deadline) }
                }
                let slack = Self.tick
                #expect(deadlines.values.allSatisfy { $0 + slack + slack > now })
            }
        }
    }
}

/// A small generator, so that random tests repeat.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
