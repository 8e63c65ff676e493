import Glibc

/// Reads whole files.
package enum FileReader {
    /// More is not a configuration.
    static let maximumByteCount = 4 * 1024 * 1024

    /// A file of the configuration as UTF-8 text.
    package static func text(of path: String) throws(FileFault) -> String {
        guard let text = String(validating: try bytes(of: path, limit: maximumByteCount), as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    static func bytes(of path: String, limit: Int) throws(FileFault) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .unreadable(EISDIR) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(errno) }
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk.prefix(count))
            guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        }
        return bytes
    }
}

/// Why a file could not be taken.
package enum FileFault: Error, CustomStringConvertible {
    case unreadable(Int32)
    case tooLarge(limit: Int)
    case notUTF8

    /// Whether there is no such file.
    package var isMissing: Bool { if case .unreadable(ENOENT) = self { true } else { false } }

    package var description: String {
        switch self {
        case .unreadable(let code): "cannot be read: \(String(cString: strerror(code)))"
        case .tooLarge(let limit): "is larger than \(limit) bytes, which is the limit"
        case .notUTF8: "is not UTF-8 text"
        }
    }
}
