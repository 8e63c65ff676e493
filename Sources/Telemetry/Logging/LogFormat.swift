import Glibc

/// How log lines are written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// For the systemd journal: a priority prefix, no time, no colour; the journal knows the time itself.
    case journal
    /// For a person: local time and a coloured level.
    case terminal
    /// For a file or a pipe: UTC time and level.
    case plain
    /// One JSON object a line.
    case json

    /// The format that suits what is behind a descriptor.
    ///
    /// systemd sets `JOURNAL_STREAM` to the device and inode of the stream that it connected; the variable is inherited
    /// even where the stream was redirected since, hence the comparison (systemd.exec(5), "JOURNAL_STREAM").
    package static func suiting(descriptor: Int32, environment: [String: String]) -> LogFormat {
        if let stream = environment["JOURNAL_STREAM"], isStream(descriptor, named: stream) { return .journal }
        return isatty(descriptor) == 1 ? .terminal : .plain
    }

    private static func isStream(_ descriptor: Int32, named name: String) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return name == "\(status.st_dev):\(status.st_ino)"
    }
}
