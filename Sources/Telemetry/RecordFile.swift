import CPlatform
import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file of whole records that never grows beyond a size: when it would, it becomes `PATH.1`, that becomes `PATH.2`, and so on up to a
/// number of files, of which the last is lost.
///
/// Records are written on a queue of the file's own. What waits there is bounded; records beyond are dropped and counted, as are those
/// that cannot be written. Safe from every thread.
package final class RecordFile: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Bytes of one file; a single record that is longer has a file of its own.
        package var fileByteCount: Int
        /// The current one included.
        package var fileCount: Int
        /// Bytes that wait to be written.
        package var bufferByteCount: Int

        package init(fileByteCount: Int, fileCount: Int, bufferByteCount: Int) {
            self.fileByteCount = fileByteCount
            self.fileCount = max(1, fileCount)
            self.bufferByteCount = bufferByteCount
        }
    }

    /// What became of a record.
    package enum Outcome: Sendable {
        case written
        case dropped
    }

    /// The operating system refuses.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        package let path: String
        package let code: Int32

        package var description: String { "\"\(path)\" cannot be written: \(String(cString: strerror(code))) (errno \(code))" }
    }

    /// The open file, confined to the queue.
    private struct Output {
        var descriptor: Int32
        var byteCount: Int
    }

    private let path: String
    private let limits: Limits
    private let queue = DispatchQueue(label: "apus.record-file", qos: .utility)
    private let output: Mutex<Output>
    private let waiting = Atomic(0)
    private let count: @Sendable (Outcome) -> Void
    private let report: @Sendable (Failure?) -> Void
    private let hasFailed = Atomic(false)

    /// - Throws: what opening the file would throw; no file is made.
    package static func tryOpening(_ path: String) throws(Failure) {
        let result = apus_can_append(path)
        guard result == 0 else { throw Failure(path: path, code: -result) }
    }

    /// Opens the file, to append to what it holds.
    ///
    /// - Parameters:
    ///   - count: called for each record, on any thread.
    ///   - report: called with the failure when writing begins to fail, and with nil when it works again.
    package init(
        path: String, limits: Limits, count: @escaping @Sendable (Outcome) -> Void, report: @escaping @Sendable (Failure?) -> Void
    ) throws(Failure) {
        self.path = path
        self.limits = limits
        self.count = count
        self.report = report
        output = Mutex(try Self.open(path))
    }

    deinit { _ = output.withLock { close($0.descriptor) } }

    package func append(_ record: [UInt8]) {
        let before = waiting.add(record.count, ordering: .relaxed).oldValue
        guard before + record.count <= limits.bufferByteCount || before == 0 else {
            waiting.subtract(record.count, ordering: .relaxed)
            return count(.dropped)
        }
        queue.async { self.write(record) }
    }

    /// Returns when everything that was appended before is written or dropped.
    package func flush() { queue.sync {} }

    // MARK: On the queue

    private func write(_ record: [UInt8]) {
        defer { waiting.subtract(record.count, ordering: .relaxed) }
        do throws(Failure) {
            try output.withLock { (output) throws(Failure) in
                if output.byteCount > 0, output.byteCount + record.count > limits.fileByteCount { try rotate(&output) }
                try append(record, to: &output)
            }
            count(.written)
            if hasFailed.exchange(false, ordering: .relaxed) { report(nil) }
        } catch {
            count(.dropped)
            if !hasFailed.exchange(true, ordering: .relaxed) { report(error) }
        }
    }

    /// Writes the whole record, or takes back what was written of it: readers find whole records only.
    private func append(_ record: [UInt8], to output: inout Output) throws(Failure) {
        let before = output.byteCount, descriptor = output.descriptor
        let code: Int32 = record.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
        guard code == 0 else {
            _ = ftruncate(descriptor, off_t(before))
            throw Failure(path: path, code: code)
        }
        output.byteCount += record.count
    }

    private func rotate(_ output: inout Output) throws(Failure) {
        if limits.fileCount == 1 {
            guard ftruncate(output.descriptor, 0) == 0 else { throw Failure(path: path, code: errno) }
            output.byteCount = 0
            return
        }
        for number in stride(from: limits.fileCount - 1, through: 1, by: -1) {
            let from = number == 1 ? path : "\(path).\(number - 1)"
            // One that is not there yet is not missed.
            guard rename(from, "\(path).\(number)") == 0 || errno == ENOENT else { throw Failure(path: from, code: errno) }
        }
        let next = try Self.open(path)
        close(output.descriptor)
        output = next
    }

    private static func open(_ path: String) throws(Failure) -> Output {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw Failure(path: path, code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw Failure(path: path, code: code)
        }
        return Output(descriptor: descriptor, byteCount: Int(status.st_size))
    }
}
