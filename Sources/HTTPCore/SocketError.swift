import CPlatform
import Glibc

/// A call on a socket that failed: what was tried, on what, and the system's code.
package struct SocketError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Operation: String, Sendable {
        case resolve = "resolve"
        case listen = "listen on"
        case inspect = "read the address of"
        case watch = "watch"
        case inherit = "take over"
        case raise = "raise"
        case openLog = "open the access log"
    }

    package let operation: Operation
    /// The address or thing concerned: `127.0.0.1:8501`.
    package let subject: String
    /// The system's code, or the resolver's for `.resolve`.
    package let errno: Int32

    /// What was found and what to do about it, where more is known than the code says.
    package let explanation: String?

    package init(_ operation: Operation, _ subject: String, errno: Int32, because explanation: String? = nil) {
        self.operation = operation
        self.subject = subject
        self.errno = errno
        self.explanation = explanation
    }

    package var description: String {
        if let explanation { return "cannot \(operation.rawValue) \(subject): \(explanation)" }
        if operation == .resolve {
            let reason = unsafe String(cString: apus_resolver_message(errno))
            return "cannot resolve \"\(subject)\": \(reason); give a numeric address such as 127.0.0.1 or a known host name"
        }
        switch errno {
        case EADDRINUSE where subject.hasPrefix("[::]:"):
            return "address already in use: \(subject), which takes IPv4 as well; stop the other process or choose another port"
        case EADDRINUSE:
            return "address already in use: \(subject); stop the other process or choose another port"
        case ENOENT where operation == .openLog:
            return "cannot open the access log \(subject): its folder does not exist; create it (in a systemd unit: LogsDirectory=), "
                + "or set server.access_log.destination to another path"
        case EACCES where operation == .openLog:
            return "no permission to write the access log \(subject); let the daemon's user write there or choose another path"
        case EACCES:
            return "no permission to listen on \(subject); choose a port of 1024 or higher, or grant CAP_NET_BIND_SERVICE"
        case EADDRNOTAVAIL:
            return "\(subject) is not an address of this machine; choose one that `ip address` shows, or 0.0.0.0 for all"
        case EAFNOSUPPORT:
            return "cannot \(operation.rawValue) \(subject): the system has no such kind of address; use one of IPv4"
        case EMFILE, ENFILE:
            return "cannot \(operation.rawValue) \(subject): no file descriptor is left; raise LimitNOFILE (ulimit -n)"
        default:
            let reason = unsafe String(cString: strerror(errno))
            return "cannot \(operation.rawValue) \(subject): \(reason) (errno \(errno))"
        }
    }
}
