package import Logging

/// Sends systemd a sign of life as long as every loop takes its mail and every lane gets on.
///
/// A part that gives no sign for half of the period counts as hung: no further sign is sent, and systemd ends the process when the
/// period is over (`WatchdogSec=`).
package struct Watchdog: Sendable {
    /// What is looked at in one kind of part: for each, whether it has given a sign of life since the last look.
    package typealias Look = @Sendable () -> [Bool]

    private let notify: SystemdNotify
    private let period: Duration
    private let parts: [(name: String, look: Look)]
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        _ notify: SystemdNotify, period: Duration, parts: [(name: String, look: Look)],
        clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.notify = notify
        self.period = period
        self.parts = parts
        self.clock = clock
        self.logger = logger
    }

    /// Looks until it is cancelled.
    package func run() async {
        var silence: [String: Int] = [:], hung: [String] = []
        while true {
            look(&silence)
            let late = silence.filter { $0.value > Self.looks / 2 }.keys.sorted()
            if late.isEmpty { notify.alive() }
            if late != hung { report(late) }
            hung = late
            do { try await clock.sleep(for: period / Self.looks) } catch { return }
        }
    }

    /// Looks in one period.
    private static let looks = 8

    /// Counts for each part how many looks ago it gave its last sign.
    private func look(_ silence: inout [String: Int]) {
        for part in parts {
            for (index, isAlive) in part.look().enumerated() {
                silence["\(part.name) \(index)", default: 0] = isAlive ? 0 : silence["\(part.name) \(index)", default: 0] + 1
            }
        }
    }

    private func report(_ late: [String]) {
        guard !late.isEmpty else { return logger.notice("every loop and lane gets on again") }
        logger.error(
            "no sign of life from \(late.joined(separator: ", ")) for \(period / 2); the service manager ends the daemon unless it goes on")
    }
}

/// Which lanes get on, by the steps that they have run.
package struct LaneSigns: Sendable {
    private var last: [UInt?] = []

    package init() {}

    /// - Parameter steps: of each busy lane; nil for one that has nothing to run, which is alive.
    package mutating func look(_ steps: [UInt?]) -> [Bool] {
        defer { last = steps }
        return steps.enumerated().map { index, count in count == nil || index >= last.count || last[index] != count }
    }
}
