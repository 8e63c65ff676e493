import Dispatch
import Glibc
import Logging

/// Writes pages to a log's destination and reports in the daemon's log, once a spell, when that fails or is too slow.
///
/// Confined to the access log's queue.
final class LogWriter: @unchecked Sendable {
    /// How long a pipe that is full is waited for at once, in milliseconds.
    private static let roomMilliseconds: Int32 = 100
    /// When a failed write is tried again.
    private static let retryDelay = DispatchTimeInterval.seconds(1)

    /// The page that is being written.
    var page: LogPage?
    /// When the writer wants to be called after `write` has returned false.
    private(set) var patience = DispatchTimeInterval.never

    private var file: LogFile
    private let logger: Logger
    private var failure: Int32?
    private var calls = 0
    private var toldDrops = 0
    private var isDropping = false

    init(_ file: LogFile, logger: Logger) {
        self.file = file
        var logger = logger
        logger[metadataKey: "destination"] = "\(file.destination)"
        self.logger = logger
    }

    /// Writes what is left of the page; returns false when it cannot be finished now.
    func write(_ page: LogPage) -> Bool {
        while page.writtenByteCount < page.byteCount {
            switch unsafe file.write(UnsafeRawBufferPointer(rebasing: page.buffer.bytes[page.writtenByteCount...])) {
            case .written(let count):
                page.noteWritten(count)
                endFailure()
            case .full:
                file.awaitRoom(milliseconds: Self.roomMilliseconds)
                patience = .nanoseconds(0)
                return false
            case .failed(let errno):
                beginFailure(errno)
                patience = Self.retryDelay
                return false
            }
        }
        return true
    }

    func replaceFile(by file: LogFile) {
        guard case .file = file.destination else { return }
        self.file = file
        page?.rewindToLineStart()
    }

    /// Reports that records are being dropped and, when the writer has caught up, how many were.
    ///
    /// - Parameter total: All that were ever dropped.
    func noteDrops(_ total: Int, isCaughtUp: Bool) {
        if total > toldDrops, !isDropping {
            isDropping = true
            logger.warning("access log records are dropped: the destination is slower than the requests; sample, or use a faster one")
        }
        guard isCaughtUp, isDropping else { return }
        logger.warning("access log records were dropped", metadata: ["count": "\(total - toldDrops)"])
        toldDrops = total
        isDropping = false
    }

    func makeCallNumber() -> Int {
        calls += 1
        return calls
    }

    func isLastCall(_ number: Int) -> Bool { number == calls }

    private func beginFailure(_ errno: Int32) {
        guard failure != errno else { return }
        failure = errno
        let reason = unsafe String(cString: strerror(errno))
        logger.error(
            "cannot write the access log; it is tried again every second, and records beyond its buffer are dropped meanwhile",
            metadata: ["reason": "\(reason)", "errno": "\(errno)"])
    }

    private func endFailure() {
        guard failure != nil else { return }
        failure = nil
        logger.notice("writing the access log again")
    }
}
