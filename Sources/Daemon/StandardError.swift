import Glibc

/// Messages to the person who typed the command; the daemon's own go through its log.
enum StandardError {
    static func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // Nobody reads it when standard error itself is gone.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    static func error(_ message: String) {
        for line in message.split(separator: "\n") { print("\(TerminalStyle.errors.paint("apus: error:", .red)) \(line)") }
    }

    static func warning(_ message: String) { print("\(TerminalStyle.errors.paint("apus: warning:", .yellow)) \(message)") }
}
