import Logging

/// A failure that the daemon's log has taken; the process has only to end as it asks.
struct LoggedFailure: Error {
    let status: ExitStatus
}

extension LoggedFailure {
    /// Puts a failure at the start where the daemon's log goes, when that is read by programs; else leaves it to the terminal.
    ///
    /// - Returns: nil where the log has not taken it.
    init?(_ failure: CommandFailure, _ configuration: LogConfiguration, environment: [String: String]) {
        let log = LogOutput(configuration, environment: environment)
        guard log.isStructured || configuration.style != .auto else { return nil }
        let logger = log.logger("apus")
        for line in failure.message.split(separator: "\n") { logger.error("\(line)") }
        status = failure.status
    }
}
