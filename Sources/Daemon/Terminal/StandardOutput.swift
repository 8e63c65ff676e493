import CPlatform
import Glibc

/// The end of what a command prints: a disk that is full, or a reader that has left, shows when the last bytes are written.
enum StandardOutput {
    /// Writes what is still buffered.
    ///
    /// - Throws: when anything that was printed could not be written. A reader that has read enough (`apus inspect … | head`) is no
    ///   error.
    static func finish() throws(CommandFailure) {
        let code = apus_finish_output()
        guard code < 0, code != -EPIPE else { return }
        throw CommandFailure(.inputOutput, "what the command prints cannot be written: \(String(cString: strerror(-code)))")
    }
}
