import CPlatform
import Tensors

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One file that belongs to a model.
struct ModelFile: Sendable {
    /// As the model refers to it: the file's own name for the model file, a path relative to its folder for weights.
    let name: String
    let path: String
    /// The file as it was when it was read.
    let identity: FileIdentity

    init(name: String, _ contents: FileContents) {
        self.name = name
        path = contents.path
        identity = contents.identity
    }

    init(name: String, _ source: FileSource) {
        self.name = name
        path = source.path
        identity = source.identity
    }

    var byteCount: Int { identity.byteCount }
}

/// All files of a model, the model file first. Their contents are not kept.
package struct ModelFiles: Sendable {
    let all: [ModelFile]

    package var byteCount: Int { all.reduce(0) { $0 + $1.byteCount } }

    /// SHA-256 of the model in hexadecimal. Reads every file again: about half a second for a gigabyte with hardware support.
    ///
    /// A model of one file has that file's sum, as `sha256sum` prints it. A model with external weights has the sum of
    /// the text that `sha256sum` prints for its files, model file first, then by name.
    ///
    /// - Throws: `ImportError.unreadable` when a file cannot be read or is no longer what was loaded, `CancellationError` when the
    ///   task is cancelled.
    @Sendable package func digest() throws -> String {
        guard let model = all.first, all.count > 1 else { return try all.first?.digest() ?? SHA256().hexadecimal() }
        var listing = ""
        for file in [model] + all.dropFirst().sorted(by: { $0.name < $1.name }) {
            listing += "\(try file.digest())  \(file.name)\n"
        }
        var hash = SHA256()
        hash.update(Array(listing.utf8)[...])
        return hash.hexadecimal()
    }
}

extension ModelFile {
    /// SHA-256 of the file's contents.
    fileprivate func digest() throws -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(errno) }
        defer { close(descriptor) }
        // Before and after: a file that changes meanwhile gives the digest of neither state.
        try checkUnchanged()
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            try Task.checkCancellation()
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                hash.update(chunk[..<count])
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw unreadable(errno)
            }
        }
        try checkUnchanged()
        return hash.hexadecimal()
    }

    private func checkUnchanged() throws(ImportError) {
        let now: FileIdentity
        do throws(FileError) { now = try FileIdentity(path: path) } catch { throw unreadable(error.errno) }
        guard now == identity else {
            throw .unreadable(path: path, reason: "changed since it was loaded; put changed files into a new version directory")
        }
    }

    private func unreadable(_ code: Int32) -> ImportError {
        .unreadable(path: path, reason: unsafe "cannot be read: \(String(cString: strerror(code))) (errno \(code))")
    }
}

/// SHA-256 (FIPS 180-4) of bytes that come in pieces.
struct SHA256 {
    private var state = apus_sha256()

    init() { unsafe apus_sha256_init(&state) }

    mutating func update(_ bytes: ArraySlice<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe apus_sha256_update(&state, $0.baseAddress, $0.count) }
    }

    /// The digest of what has come so far.
    consuming func hexadecimal() -> String {
        var digest = [UInt8](repeating: 0, count: Int(APUS_SHA256_BYTES))
        unsafe apus_sha256_final(&state, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
