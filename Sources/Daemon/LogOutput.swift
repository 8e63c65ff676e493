import Glibc
import Logging
import Telemetry

/// Where the daemon's log goes and how it looks; makes the loggers of all parts.
struct LogOutput: Sendable {
    private let sink = LogSink(descriptor: STDERR_FILENO)
    /// Where the journal is what standard error leads to.
    private let journal: JournalSocket?
    private let format: LogFormat
    private let colour: Bool
    /// Changed by a reload.
    let threshold: LogThreshold

    init(_ configuration: LogConfiguration, environment: [String: String]) {
        format = configuration.style.format ?? LogFormat.suiting(descriptor: STDERR_FILENO, environment: environment)
        journal = configuration.style == .auto && format == .journal ? JournalSocket() : nil
        // https://no-color.org: any value that is not empty.
        colour = (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        threshold = LogThreshold(configuration.level.level)
    }

    /// Whether programs read the log line by line.
    var isStructured: Bool { format == .journal || format == .json }

    func logger(_ label: String) -> Logger {
        Logger(label: label) { label in
            JournalLogHandler(label: label, sink: sink, journal: journal, format: format, colour: colour, threshold: threshold)
        }
    }
}
