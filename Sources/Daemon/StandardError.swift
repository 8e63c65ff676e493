import Glibc

/// Messages to the person who typed the command; the daemon's own go through its log.
enum StandardError {
    static func print(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        // There is nobody to tell when standard error itself is gone.
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }
}
