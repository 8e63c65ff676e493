import CPlatform

/// How many file descriptors the process may have open (RLIMIT_NOFILE, getrlimit(2)).
package struct DescriptorLimit: Sendable, Hashable {
    /// What holds now.
    package let soft: UInt64
    /// What the process may raise it to.
    package let hard: UInt64

    package init(soft: UInt64, hard: UInt64) {
        self.soft = soft
        self.hard = hard
    }

    /// Descriptors that the process needs beside those of connections: models, the registry, listeners, loops.
    package static let otherDescriptorCount = 64

    /// Raises the soft limit as far as the process may, and returns what holds then; before the server is made.
    ///
    /// The small default of 1024 protects programs that use select(2), which this one does not.
    package static func raise() throws(SocketError) -> DescriptorLimit {
        let before = current
        guard before.soft < before.hard else { return before }
        let result = apus_set_descriptor_limit(before.hard)
        guard result >= 0 else { throw SocketError(.raise, "the number of open files (RLIMIT_NOFILE)", errno: -result) }
        return current
    }

    package static var current: DescriptorLimit {
        var soft: UInt64 = 0
        var hard: UInt64 = 0
        let result = unsafe apus_descriptor_limit(&soft, &hard)
        precondition(result == 0, "getrlimit(2) fails only for a wrong argument")
        return DescriptorLimit(soft: soft, hard: hard)
    }

    /// Connections that leave enough descriptors for the rest, which a server must not exceed: Dispatch ends the process
    /// when it finds none left to look after its threads.
    package var maxConnections: Int {
        let other = UInt64(Self.otherDescriptorCount)
        return Int(clamping: soft > 2 * other ? soft - other : soft / 2)
    }

    /// The warning for the operator when the limit is too small for as many connections as the server allows; else nil.
    package func warning(maxConnections wanted: Int) -> String? {
        guard wanted > maxConnections else { return nil }
        let (sum, overflow) = wanted.addingReportingOverflow(Self.otherDescriptorCount)
        return "the process may have \(soft) open files, too few for \(wanted) connections and \(Self.otherDescriptorCount) other "
            + "files: \(maxConnections) connections are allowed; raise LimitNOFILE= (ulimit -Hn) to \(overflow ? wanted : sum), "
            + "or lower the limit of connections"
    }
}
