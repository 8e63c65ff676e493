import Dispatch
import Glibc
package import Logging
import Synchronization

/// Reports to systemd what the daemon is doing: the protocol of sd_notify(3), one datagram a message, no library.
///
/// Without `NOTIFY_SOCKET` in the environment every call does nothing. No call waits for the other side: messages go out in order on a
/// queue of their own.
package final class SystemdNotify: Sendable {
    private enum Phase: Sendable { case starting, running, stopping }

    /// Within which systemd wants a sign of life again and again (`WatchdogSec=`); nil when it wants none.
    package let watchdogPeriod: Duration?
    private let path: String?
    private let logger: Logger
    private let phase = Mutex(Phase.starting)
    private let queue = DispatchQueue(label: "apus.notify")
    /// Messages that have not gone out yet.
    private let waiting = Atomic(0)

    /// More wait for nobody but a service manager that hangs.
    private static let maximumWaiting = 64
    /// Seconds within which a message goes out.
    private static let timeLimit = 5

    package init(environment: [String: String], logger: Logger) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        watchdogPeriod = path == nil ? nil : Self.watchdogPeriod(environment)
        self.logger = logger
    }

    /// sd_watchdog_enabled(3): the variables may have been inherited from a process that they were meant for.
    private static func watchdogPeriod(_ environment: [String: String]) -> Duration? {
        guard let period = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), period > 0 else { return nil }
        let process = environment["WATCHDOG_PID"]
        return process == nil || process == String(getpid()) ? .microseconds(period) : nil
    }

    /// The start is over.
    func ready() {
        let isFirst = phase.withLock { phase in
            defer { if phase == .starting { phase = .running } }
            return phase == .starting
        }
        if isFirst { send("READY=1") }
    }

    /// The start may take so long from now on. Without effect once it is over, when systemd would extend something else.
    func extendStart(by duration: Duration) {
        if phase.withLock({ $0 == .starting }) { extend(by: duration) }
    }

    /// A reload begins; `Type=notify-reload` wants the monotonic time. One during the start or the stop is not reported: its end would
    /// pass for the end of the start.
    func reloading() {
        guard phase.withLock({ $0 == .running }) else { return }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)")
    }

    /// The reload is over.
    func reloaded() {
        if phase.withLock({ $0 == .running }) { send("READY=1") }
    }

    /// The stop begins, and may take so long.
    package func stopping(within duration: Duration = .zero) {
        phase.withLock { $0 = .stopping }
        send("STOPPING=1")
        if duration > .zero { extend(by: duration) }
    }

    /// Whatever serves has given a sign of life.
    package func alive() { send("WATCHDOG=1") }

    /// One line for people, as `systemctl status` shows it.
    package func status(_ text: String) {
        send("STATUS=" + text.split(separator: "\n").joined(separator: "; "))
    }

    private func extend(by duration: Duration) { send("EXTEND_TIMEOUT_USEC=\(Int64(duration / .microseconds(1)))") }

    private func send(_ message: String) {
        guard let path else { return }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.maximumWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            return
        }
        queue.async {
            self.transmit(message, to: path)
            self.waiting.subtract(1, ordering: .relaxed)
        }
    }

    private func transmit(_ message: String, to path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return report("socket") }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: Self.timeLimit, tv_usec: 0)
        guard setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size)) == 0 else {
            return report("time limit")
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return report("path") }
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            target.copyBytes(from: bytes)
            // An abstract socket is written with @ and starts with a zero byte (unix(7)).
            if bytes[0] == UInt8(ascii: "@") { target[0] = 0 }
        }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let sent = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { target in
                sendto(descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), target, length)
            }
        }
        if sent < 0 { report("send") }
    }

    private func report(_ step: String) {
        logger.warning("systemd could not be notified (\(step)): \(String(cString: strerror(errno)))")
    }
}
