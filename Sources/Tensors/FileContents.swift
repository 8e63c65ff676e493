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
    /// The file as it was when it was read.
    package let source: FileSource
    private let pages: PrivateMapping
    /// The ranges that tensors look at, by number.
    private let windows = Mutex<(ranges: [Int: Range<Int>], next: Int)>(([:], 0))

    /// - Throws: when the file cannot be read, changes while it is read, or does not fit into memory.
    package init(path: String) throws(FileError) {
        source = try FileSource(path: path)
        do {
            pages = try PrivateMapping(byteCount: source.byteCount)
        } catch {
            throw FileError(path: path, operation: "find memory for", errno: ENOMEM)
        }
        try unsafe source.read(0..<source.byteCount, into: pages.baseAddress)
    }

    package var path: String { source.path }
    package var byteCount: Int { source.identity.byteCount }
    package var identity: FileIdentity { source.identity }

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

    /// Gives the memory of the whole pages inside `range` back. The caller vouches that nobody reads the range any more.
    @unsafe package func discard(_ range: Range<Int>) { pages.discard(range) }
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
