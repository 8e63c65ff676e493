import HTTPCore
import Logging

/// The end of serving: first readiness is refused, then the listeners close, then the requests that have been accepted get their answers.
struct Drain: Sendable {
    let server: HTTPServer
    let readiness: Readiness
    let notify: SystemdNotify
    let status: StatusLine
    /// How long requests are still accepted, so that whoever distributes them finds another daemon.
    let delay: Duration
    let timeout: Duration
    /// What the rest of the stop may take when every request has its answer.
    let allowance: Duration
    /// The signal that has come; nil when none has.
    let cause: @Sendable () -> String?
    let logger: Logger

    /// Between two reports of what is waited for.
    private static let interval = Duration.seconds(1)

    func run() async {
        notify.stopping(within: delay + timeout + allowance)
        readiness.beginDrain()
        let by = cause().map { " by \($0)" } ?? ""
        if delay > .zero {
            server.beginLeaving()
            say("stopping\(by): /readyz answers 503, and requests are accepted for \(DurationText.text(delay)) more")
            do { try await Task.sleep(for: delay) } catch {}  // Cancelled: another service has failed, and the wait is in vain.
            say("draining: no new connections, requests under way are answered")
        } else {
            say("stopping\(by), draining: no new connections, requests under way are answered")
        }
        async let _: Void = reportWaiting()
        let result = await server.drain(timeout: timeout)
        guard result.cutConnections > 0 else { return }
        logger.warning(
            "the time to drain is over: \(Self.text(result.cutConnections, result.cutRequests)) cut",
            metadata: [
                ".cut_connections": .stringConvertible(result.cutConnections), ".cut_requests": .stringConvertible(result.cutRequests),
            ])
    }

    private func say(_ text: String) {
        status.show(text)
        logger.notice("\(text)")
    }

    /// Says what the stop still waits for, whenever that has changed, until it is cancelled.
    private func reportWaiting() async {
        var said = ""
        while true {
            do { try await Task.sleep(for: Self.interval) } catch { return }
            let now = server.statistics
            let text = "draining: waiting for \(Self.text(now.openConnections, now.requestsInFlight))"
            if now.openConnections > 0, text != said { say(text) }
            said = text
        }
    }

    /// `2 connections, 1 request under way`: a request of which only a part has come is not under way yet.
    private static func text(_ connectionCount: Int, _ requestCount: Int) -> String {
        "\(counted(connectionCount, "connection")), \(counted(requestCount, "request")) under way"
    }
}
