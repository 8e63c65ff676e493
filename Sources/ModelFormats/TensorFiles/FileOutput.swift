#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file being written from its start; what was there before is gone.
struct FileOutput {
    private let path: String
    private let descriptor: Int32

    /// Creates the file, lends it to `body` and closes it; every fault on the way is thrown, a full disk included.
    static func create(
        at path: String, _ body: (FileOutput) throws(TensorFileError) -> Void
    ) throws(TensorFileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path, "cannot be created", errno) }
        do throws(TensorFileError) { try body(FileOutput(path: path, descriptor: descriptor)) } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw failure(path, "cannot be written", errno) }
    }

    func append(_ bytes: [UInt8]) throws(TensorFileError) {
        var result: Result<Void, TensorFileError> = .success(())
        unsafe bytes.withUnsafeBytes { buffer in
            do throws(TensorFileError) { try unsafe append(buffer) } catch { result = .failure(error) }
        }
        try result.get()
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(TensorFileError) {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            let count = unsafe write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count > 0 {
                unsafe rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Self.failure(path, "cannot be written", errno)
            }
        }
    }

    private static func failure(_ path: String, _ what: String, _ code: Int32) -> TensorFileError {
        .inputOutput(path: path, reason: unsafe "\(what): \(String(cString: strerror(code))) (errno \(code))")
    }
}
