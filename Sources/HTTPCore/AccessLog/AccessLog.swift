import Dispatch
package import Logging
import Synchronization

/// The access log of a server: loops hand it pages of lines, a queue of its own writes them.
///
/// A loop never waits for it. What a slow destination has not taken is bounded; pages beyond the bound are dropped, and
/// their records counted. Safe from every thread.
package final class AccessLog: Sendable {
    private struct State {
        /// Pages to be written, oldest first.
        var waiting: [LogPage] = []
        var spare: [LogPage] = []
        /// Bytes that wait or are being written.
        var heldByteCount = 0
        var isWriterCalled = false
    }

    private static let maxSpareCount = 8

    package let configuration: AccessLogConfiguration
    private let state = Mutex(State())
    private let droppedCount = Atomic(0)
    private let nextConnection = Atomic<UInt64>(0)
    private let queue = DispatchQueue(label: "apus.http.access-log")
    private let writer: LogWriter

    /// Opens the destination.
    package init(_ configuration: AccessLogConfiguration, logger: Logger) throws(SocketError) {
        self.configuration = configuration
        writer = LogWriter(try LogFile(configuration.destination), logger: logger)
    }

    /// Records that were not written because the destination was too slow or failed.
    package var droppedRecordCount: Int { droppedCount.load(ordering: .relaxed) }

    /// The destination opened anew, which takes no lines until it is committed. Its file closes itself.
    package struct Reopening: @unchecked Sendable {
        fileprivate let log: AccessLog
        /// Nobody else has it: used on the log's queue alone once it is committed.
        fileprivate let file: LogFile

        /// Writes to the new file from now on. Returns at once.
        package func commit() {
            log.queue.async { [self] in
                log.writer.replaceFile(by: file)
                log.writeWaiting()
            }
        }
    }

    /// Opens the destination's path anew, as after a rotation; the old file goes on until that is committed.
    package func prepareReopening() throws(SocketError) -> Reopening {
        Reopening(log: self, file: try LogFile(configuration.destination))
    }

    /// Waits until everything that loops have handed over is written, at most so long; returns whether it is.
    package func flush(timeout: Duration) async -> Bool {
        queue.async { self.writeWaiting() }
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while heldByteCount > 0, clock.now < end {
            do { try await Task.sleep(for: .milliseconds(2)) } catch { break }
        }
        return heldByteCount == 0
    }

    /// Flushes for the last time; what the destination has not taken by then is dropped and counted.
    func finish(timeout: Duration) async -> Bool {
        let isWritten = await flush(timeout: timeout)
        queue.async { self.dropAll() }
        return isWritten
    }

    /// A number for a connection, different from all others of this log.
    func makeConnectionID() -> UInt64 { nextConnection.add(1, ordering: .relaxed).newValue }

    /// Takes a page of lines to be written and gives an empty one for it.
    func exchange(_ page: LogPage) -> LogPage {
        let (fresh, callsWriter) = state.withLock { state -> (LogPage?, Bool) in
            guard state.heldByteCount + page.byteCount <= configuration.maxBufferedBytes else { return (nil, false) }
            state.waiting.append(page)
            state.heldByteCount += page.byteCount
            let callsWriter = !state.isWriterCalled
            state.isWriterCalled = true
            return (state.spare.popLast() ?? LogPage(), callsWriter)
        }
        guard let fresh else {
            droppedCount.add(page.recordCount, ordering: .relaxed)
            page.removeAll()
            return page
        }
        if callsWriter { queue.async { self.writeWaiting() } }
        return fresh
    }

    private var heldByteCount: Int { state.withLock { $0.heldByteCount } }

    // MARK: On the queue

    private func dropAll() {
        _ = writer.makeCallNumber()
        while let page = writer.page ?? takeWaiting() {
            writer.page = nil
            release(page, isDropped: true)
        }
    }

    /// Writes until nothing waits, or until the destination takes no more for now.
    private func writeWaiting() {
        while let page = writer.page ?? takeWaiting() {
            writer.page = page
            guard writer.write(page) else { return callAgain() }
            writer.page = nil
            release(page, isDropped: false)
            writer.noteDrops(droppedRecordCount, isCaughtUp: false)
        }
        writer.noteDrops(droppedRecordCount, isCaughtUp: true)
    }

    /// Comes back later; in between the queue is free, for a reopening.
    private func callAgain() {
        let call = writer.makeCallNumber()
        queue.asyncAfter(deadline: .now() + writer.patience) {
            // Something else may have called the writer meanwhile, and asked to be called again itself.
            if self.writer.isLastCall(call) { self.writeWaiting() }
        }
    }

    private func takeWaiting() -> LogPage? {
        state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isWriterCalled = false
                return nil
            }
            return state.waiting.removeFirst()
        }
    }

    private func release(_ page: LogPage, isDropped: Bool) {
        if isDropped { droppedCount.add(page.recordCount, ordering: .relaxed) }
        let byteCount = page.byteCount
        page.removeAll()
        state.withLock { state in
            state.heldByteCount -= byteCount
            if state.spare.count < Self.maxSpareCount { state.spare.append(page) }
        }
    }
}
