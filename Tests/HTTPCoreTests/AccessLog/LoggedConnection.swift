import HTTPCore
import Logging
import Testing

/// A connection without a socket whose requests are logged to a file.
final class LoggedConnection {
    let embedded: EmbeddedConnection
    let folder: TemporaryFolder
    private let log: AccessLog
    private let loopLog: LoopAccessLog
    private let clock: Clock

    /// A clock that each look moves on by 345.6 µs.
    private final class Clock {
        var now: MonotonicInstant
        init(_ now: MonotonicInstant) { self.now = now }
        func look() -> MonotonicInstant {
            now = now + .nanoseconds(345_678)
            return now
        }
    }

    init(
        _ handler: any RequestHandler = TestHandler(), limits: ConnectionLimits = ConnectionLimits(),
        format: AccessLogConfiguration.Format = .text, sampling: AccessLogConfiguration.Sampling = .all,
        includesUserAgent: Bool = true
    ) throws {
        folder = try TemporaryFolder()
        embedded = EmbeddedConnection(handler, limits: limits)
        log = try AccessLog(
            AccessLogConfiguration(
                destination: .file(path: folder.file("log")), format: format, sampling: sampling, includesUserAgent: includesUserAgent),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let clock = Clock(embedded.context.now)
        self.clock = clock
        // 1994-11-06 08:49:37.5 at the connection's beginning.
        let offset = 784_111_777_500_000_000 - clock.now.nanoseconds
        loopLog = LoopAccessLog(log, thread: embedded.context.thread, now: clock.look) { clock.now.nanoseconds + offset }
        embedded.context.accessLog = loopLog
    }

    /// Sets the clock to the time of the connection.
    func advance(by duration: Duration) {
        embedded.advance(by: duration)
        clock.now = embedded.context.now
    }

    /// What is logged so far.
    func lines() async -> [String] {
        embedded.onLoop { loopLog.handOver() }
        #expect(await log.flush(timeout: .seconds(10)))
        return folder.lines(of: "log")
    }
}
