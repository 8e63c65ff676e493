/// How the process ends; the numbers above 63 are those of sysexits(3).
enum ExitStatus: Int32, Sendable {
    case success = 0
    case failed = 1
    /// The model uses something that is not supported.
    case unsupported = 3
    case usage = 64
    /// A damaged model or file.
    case badData = 65
    /// A port in use, a registry in use.
    case unavailable = 69
    case inputOutput = 74
    case noPermission = 77
    case configuration = 78
}

/// A command that cannot go on: what to say, and how to end.
struct CommandFailure: Error, Sendable {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
