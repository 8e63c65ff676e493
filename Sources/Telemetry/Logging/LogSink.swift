import Glibc
import Synchronization

/// Writes whole lines to a descriptor, each with one `write(2)` where the kernel takes it whole.
///
/// The descriptor is borrowed and stays open. A line that cannot be written is dropped and counted: the log must not stop
/// the daemon, neither by a full disk nor by a reader that stands still.
package final class LogSink: Sendable {
    private let descriptor: Int32
    private let dropped = Mutex(0)

    /// How long one line may wait for a reader that does not keep up, when the descriptor is non-blocking.
    private static let patienceMilliseconds: Int32 = 100

    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    /// Lines that were lost because they could not be written.
    package var droppedLineCount: Int { dropped.withLock { $0 } }

    /// The lock keeps lines apart that the kernel takes in pieces.
    package func write(_ line: [UInt8]) {
        dropped.withLock { dropped in
            if !writeAll(line) { dropped += 1 }
        }
    }

    private func writeAll(_ line: [UInt8]) -> Bool {
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count == 0 || !mayRetry(errno) {
                    return false
                }
            }
            return true
        }
    }

    private func mayRetry(_ code: Int32) -> Bool {
        switch code {
        case EINTR: return true
        case EAGAIN:
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            return poll(&wait, 1, Self.patienceMilliseconds) > 0
        default: return false
        }
    }
}
