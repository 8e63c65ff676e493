import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The whole contents of a file, copied into pages of this process alone.
///
/// Copied, not mapped: a mapped file that somebody truncates in place ends the process that reads it (SIGBUS), and one that is
/// overwritten changes under the reader. Reading costs about what faulting the pages in would. Whoever has taken what it needs
/// from a part of the contents can `discard` it.
@safe package final class FileContents: Sendable {
    package let path: String
    package let byteCount: Int
    /// The file as it was when it was read.
    package let identity: FileIdentity
    private let pages: PrivateMapping
    /// The ranges that tensors look at, by number.
    private let windows = Mutex<(ranges: [Int: Range<Int>], next: Int)>(([:], 0))

    /// - Throws: when the file cannot be read, changes while it is read, or does not fit into memory.
    package init(path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        identity = try FileIdentity(descriptor, path: path)
        byteCount = identity.byteCount
        do {
            pages = try PrivateMapping(byteCount: byteCount)
        } catch {
            throw FileError(path: path, operation: "find memory for", errno: ENOMEM)
        }
        self.path = path
        try unsafe Self.read(descriptor, path: path, into: pages.baseAddress, 0..<byteCount)
        guard try FileIdentity(descriptor, path: path) == identity else {
            throw FileError(path: path, operation: "read (it changed meanwhile)", errno: EAGAIN)
        }
    }

    /// Valid for `byteCount` bytes while the object lives.
    package var baseAddress: UnsafeRawPointer { unsafe UnsafeRawPointer(pages.baseAddress) }
    package var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: baseAddress, count: byteCount) }

    /// Notes that a tensor looks at `range`.
    ///
    /// - Returns: the number to end it with.
    func beginWindow(_ range: Range<Int>) -> Int {
        windows.withLock { windows in
            windows.ranges[windows.next] = range
            windows.next += 1
            return windows.next - 1
        }
    }

    func endWindow(_ number: Int) { windows.withLock { _ = $0.ranges.removeValue(forKey: number) } }

    /// Gives the memory of whole pages back that no tensor looks at, but those whose storages are in `unread`. The caller vouches
    /// that nobody reads these, nor the contents by any other way than tensors.
    ///
    /// - Returns: the bytes that stay.
    @unsafe package func discard(unread: [TensorStorage]) -> Int {
        let numbers = Set(unread.compactMap(\.windowNumber))
        let ranges = windows.withLock { windows in windows.ranges.filter { !numbers.contains($0.key) }.map(\.value) }
        var position = 0, kept = 0
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > position { pages.discard(position..<range.lowerBound) }
            kept += max(0, range.upperBound - max(position, range.lowerBound))
            position = max(position, range.upperBound)
        }
        if position < byteCount { pages.discard(position..<byteCount) }
        return kept
    }

    /// Brings the contents of `range` back after they were discarded.
    ///
    /// - Throws: when the file cannot be read or is no longer what it was.
    package func restore(_ range: Range<Int>) throws(FileError) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "\(range) lies outside a file of \(byteCount) bytes")
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        guard try FileIdentity(descriptor, path: path) == identity else {
            throw FileError(path: path, operation: "read again (it has changed since it was loaded)", errno: EAGAIN)
        }
        try unsafe Self.read(descriptor, path: path, into: pages.baseAddress, range)
    }

    /// Large enough for full speed, small enough for the system call to be interrupted now and then.
    private static let chunkByteCount = 64 << 20

    private static func read(
        _ descriptor: Int32, path: String, into base: UnsafeMutableRawPointer, _ range: Range<Int>
    ) throws(FileError) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let count = unsafe pread(descriptor, base + offset, min(chunkByteCount, range.upperBound - offset), off_t(offset))
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(path: path, operation: "read", errno: errno)
            }
            guard count > 0 else { throw FileError(path: path, operation: "read (it was cut short meanwhile)", errno: EAGAIN) }
            offset += count
        }
    }
}

/// What tells one state of a file from another without reading it.
package struct FileIdentity: Sendable, Hashable {
    package let byteCount: Int
    private let device: UInt64
    private let inode: UInt64
    private let modified: [Int]

    package init(path: String) throws(FileError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError(path: path, operation: "stat", errno: errno) }
        try self.init(status, path: path)
    }

    fileprivate init(_ descriptor: Int32, path: String) throws(FileError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(path: path, operation: "stat", errno: errno) }
        try self.init(status, path: path)
    }

    private init(_ status: stat, path: String) throws(FileError) {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(path: path, operation: "read (not a regular file)", errno: EINVAL)
        }
        byteCount = Int(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        modified = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
    }
}

/// Why a file could not be read.
package struct FileError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let operation: String
    package let errno: Int32

    package var description: String {
        unsafe "cannot \(operation) \"\(path)\": \(String(cString: strerror(errno))) (errno \(errno))"
    }
}
