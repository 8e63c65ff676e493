import Daemon
import Foundation
import Logging
import Synchronization
import Testing

/// Signs of life for the service manager.
@Suite("Watchdog", .timeLimit(.minutes(1)))
struct WatchdogTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("a sign is sent while every part gets on; a part without a sign for half of the period ends that", arguments: [true, false])
    func signs(hangs: Bool) async throws {
        let socket = try NotifySocket()
        let notify = SystemdNotify(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "8000000"], logger: logger)
        #expect(notify.watchdogPeriod == .seconds(8))
        let clock = CountedClock(sleeps: 23)
        let looks = Mutex(0)
        let parts: [(name: String, look: Watchdog.Look)] = [
            ("loop", { [true, true] }),
            (
                "lane",
                {
                    let number = looks.withLock { number in
                        number += 1
                        return number
                    }
                    return [true, !hangs || number <= 10]
                }
            ),
        ]
        await Watchdog(notify, period: .seconds(8), parts: parts, clock: clock, logger: logger).run()
        notify.status("over")
        let sent = try await socket.messages(upTo: "STATUS=over")
        // Eight looks in a period: after ten signs, four without one are tolerated.
        #expect(sent.count { $0 == "WATCHDOG=1" } == (hangs ? 14 : 24))
        #expect(clock.durations == [.seconds(1)])
    }

    @Test("it is wanted only by who names a period, and this process if any")
    func wanted() throws {
        func period(_ variables: [String: String]) -> Duration? {
            SystemdNotify(environment: variables.merging(["NOTIFY_SOCKET": "/nowhere"]) { own, _ in own }, logger: logger).watchdogPeriod
        }
        #expect(period([:]) == nil && period(["WATCHDOG_USEC": "0"]) == nil && period(["WATCHDOG_USEC": "soon"]) == nil)
        #expect(period(["WATCHDOG_USEC": "1", "WATCHDOG_PID": "\(getpid())"]) == .microseconds(1))
        #expect(period(["WATCHDOG_USEC": "1", "WATCHDOG_PID": "\(getpid() + 1)"]) == nil)
        #expect(period(["WATCHDOG_USEC": "1", "NOTIFY_SOCKET": ""]) == nil)
    }

    @Test("a lane is alive while it has nothing to run or its steps go on")
    func lanes() {
        var signs = LaneSigns()
        #expect(signs.look([nil, 5]) == [true, true], "nothing is known of the time before")
        #expect(signs.look([3, 5]) == [true, false])
        #expect(signs.look([3, 6]) == [false, true])
        #expect(signs.look([nil, 6]) == [true, false])
    }

    @Test("a running daemon sends signs")
    func daemon() async throws {
        let socket = try NotifySocket()
        let daemon = try await RunningDaemon(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "200000"])
        for _ in 0..<3 { _ = try await socket.messages(upTo: "WATCHDOG=1") }
        daemon.send(SIGTERM)
        #expect(await daemon.exitCode() == 0)
    }

    /// Time that passes at once, so many times; then it is over for whoever sleeps.
    private final class CountedClock: Clock, @unchecked Sendable {
        typealias Instant = ContinuousClock.Instant
        private let left: Mutex<Int>
        private let slept = Mutex<Set<Duration>>([])

        init(sleeps: Int) { left = Mutex(sleeps) }

        var now: Instant { ContinuousClock.now }
        var minimumResolution: Duration { .zero }
        var durations: Set<Duration> { slept.withLock { $0 } }

        func sleep(until deadline: Instant, tolerance: Duration?) async throws {
            slept.withLock { _ = $0.insert(.seconds(((deadline - now) / .seconds(1)).rounded())) }
            let isOver = left.withLock { left in
                left -= 1
                return left < 0
            }
            if isOver { throw CancellationError() }
        }
    }
}
