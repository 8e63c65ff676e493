#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file in one state: where it is, and what tells that state from others.
package final class FileSource: Sendable {
    package let path: String
    package let identity: FileIdentity

    package init(path: String) throws(FileError) {
        self.path = path
        identity = try FileIdentity(path: path)
    }

    package var byteCount: Int { identity.byteCount }

    /// Reads `range` of the file to `target`, which has room for it.
    ///
    /// - Throws: when the file cannot be read, or is not, or does not stay, in this state.
    @unsafe package func read(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws(FileError) {
        precondition(range.lowerBound >= 0 && range.upperBound <= byteCount, "\(range) lies outside a file of \(byteCount) bytes")
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        try checkUnchanged(descriptor)
        try unsafe copy(range, of: descriptor, to: target)
        try checkUnchanged(descriptor)
    }

    private func checkUnchanged(_ descriptor: Int32) throws(FileError) {
        guard try FileIdentity(descriptor, path: path) == identity else {
            throw FileError(path: path, operation: "read (it has changed meanwhile)", errno: EAGAIN)
        }
    }

    /// Large enough for full speed, small enough for the system call to be interrupted now and then.
    private static let chunkByteCount = 64 << 20

    @unsafe private func copy(
        _ range: Range<Int>, of descriptor: Int32, to target: UnsafeMutableRawPointer
    ) throws(FileError) {
        var done = 0
        while done < range.count {
            let count = unsafe pread(
                descriptor, target + done, min(Self.chunkByteCount, range.count - done), off_t(range.lowerBound + done))
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(path: path, operation: "read", errno: errno)
            }
            guard count > 0 else { throw FileError(path: path, operation: "read (it was cut short meanwhile)", errno: EAGAIN) }
            done += count
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
