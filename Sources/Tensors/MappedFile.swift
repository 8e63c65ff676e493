#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file mapped read-only into memory, whole, for as long as the object lives.
///
/// The mapping is private: a later write to the file may or may not show, but truncating a file in use
/// is a fault that the kernel answers with SIGBUS, so versions are replaced by renaming, never in place.
@safe package final class MappedFile: Sendable {
    package let path: String
    package let byteCount: Int
    /// Valid for `byteCount` bytes while the object lives; for an empty file it must not be read.
    package nonisolated(unsafe) let baseAddress: UnsafeRawPointer

    package init(path: String) throws(MappedFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MappedFileError(path: path, operation: "open", errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw MappedFileError(path: path, operation: "stat", errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw MappedFileError(path: path, operation: "map (not a regular file)", errno: EINVAL)
        }
        self.path = path
        byteCount = Int(status.st_size)
        guard byteCount > 0 else {
            unsafe baseAddress = unsafe UnsafeRawPointer(bitPattern: 64)!
            return
        }
        guard let base = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0), unsafe base != MAP_FAILED else {
            throw MappedFileError(path: path, operation: "map", errno: errno)
        }
        unsafe baseAddress = UnsafeRawPointer(base)
    }

    deinit {
        if byteCount > 0 { unsafe munmap(UnsafeMutableRawPointer(mutating: baseAddress), byteCount) }
    }

    package var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: baseAddress, count: byteCount) }
}

/// Why a file could not be mapped.
package struct MappedFileError: Error, Sendable, CustomStringConvertible {
    package let path: String
    package let operation: String
    package let errno: Int32

    package var description: String {
        unsafe "cannot \(operation) \"\(path)\": \(String(cString: strerror(errno))) (errno \(errno))"
    }
}
