import COpenSSL
import Glibc

/// The contents of a PEM file, read once, so that what is checked is what is used. Wiped when it goes.
@safe struct PEMFile: ~Copyable {
    private static let maxByteCount = 1024 * 1024

    private let bytes: UnsafeMutableRawBufferPointer
    private let byteCount: Int
    private let mode: mode_t

    init(_ file: TLSFile, path: String) throws(TLSError) {
        // A pipe without a writer must not hold up the start.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file, path: path, errno: errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw .unreadable(file, path: path, errno: errno) }
        // One byte more than allowed shows that a file is too large.
        let space = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.maxByteCount + 1, alignment: 1)
        let count = unsafe Self.fill(space, from: descriptor)
        if count < 0 || count > Self.maxByteCount {
            unsafe Self.wipe(space)
            throw count < 0
                ? .unreadable(file, path: path, errno: Int32(-count))
                : .tooLarge(file, path: path, limitByteCount: Self.maxByteCount)
        }
        unsafe bytes = space
        byteCount = count
        mode = status.st_mode
    }

    deinit { unsafe Self.wipe(bytes) }

    /// The file's permission bits when any user of the machine may read it.
    var laxMode: mode_t? { mode & S_IROTH != 0 ? mode & 0o777 : nil }

    /// Lends the text as OpenSSL reads it.
    func withText<Result>(_ body: (OpaquePointer) throws(TLSError) -> Result) throws(TLSError) -> Result {
        // The count is far below what Int32 holds.
        guard let text = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(byteCount)) else {
            throw .library(reason: OpenSSLErrors.drain())
        }
        defer { unsafe BIO_free(text) }
        return try unsafe body(text)
    }

    /// Reads until the file or the space ends; returns the number of bytes or a negative errno.
    private static func fill(_ space: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
        var filled = 0
        while filled < space.count {
            let count = unsafe read(descriptor, space.baseAddress?.advanced(by: filled), space.count - filled)
            if count == 0 { break }
            if count > 0 { filled += count } else if errno != EINTR { return -Int(errno) }
        }
        return filled
    }

    private static func wipe(_ space: UnsafeMutableRawBufferPointer) {
        unsafe OPENSSL_cleanse(space.baseAddress, space.count)
        unsafe space.deallocate()
    }
}
