import Glibc
package import Logging
import Synchronization

/// Reports to systemd what the daemon is doing: the protocol of sd_notify(3), one datagram a message, no library.
///
/// Without `NOTIFY_SOCKET` in the environment every call does nothing.
package final class SystemdNotify: Sendable {
    private let path: String?
    private let logger: Logger
    private let isReady = Atomic(false)

    package init(environment: [String: String], logger: Logger) {
        path = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        self.logger = logger
    }

    /// The start is over.
    func ready() {
        isReady.store(true, ordering: .sequentiallyConsistent)
        send("READY=1")
    }

    /// The start may take so long from now on. Without effect once it is over, when systemd would extend something else.
    func extendStart(by duration: Duration) {
        guard !isReady.load(ordering: .sequentiallyConsistent) else { return }
        send("EXTEND_TIMEOUT_USEC=\(duration.components.seconds * 1_000_000)")
    }

    /// A reload begins; `Type=notify-reload` wants the monotonic time. One during the start is not reported: its end would pass
    /// for the end of the start.
    func reloading() {
        guard isReady.load(ordering: .sequentiallyConsistent) else { return }
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000)")
    }

    /// The reload is over.
    func reloaded() {
        guard isReady.load(ordering: .sequentiallyConsistent) else { return }
        send("READY=1")
    }

    package func stopping() { send("STOPPING=1") }

    func status(_ text: String) { send("STATUS=\(text)") }

    private func send(_ message: String) {
        guard let path else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return report("socket") }
        defer { close(descriptor) }
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
