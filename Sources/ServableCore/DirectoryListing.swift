#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the file system says about one path.
enum DirectoryListing {
    /// Names of a directory's children in byte order, without `.` and `..`. A name that is not UTF-8 is left out.
    static func names(of path: String) throws(FileSystemError) -> [String] {
        guard let directory = opendir(path) else { throw FileSystemError(path: path, errno: errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw FileSystemError(path: path, errno: errno) }
                return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
    }

    /// Links are followed, so that a version may be a link to a directory elsewhere.
    static func status(of path: String) throws(FileSystemError) -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileSystemError(path: path, errno: errno) }
        return status
    }

    static func isDirectory(_ status: stat) -> Bool { status.st_mode & S_IFMT == S_IFDIR }
}

/// A refused system call on a path.
struct FileSystemError: Error, Sendable, CustomStringConvertible {
    let path: String
    let errno: Int32

    var isMissing: Bool { errno == ENOENT }

    var description: String { "\"\(path)\": \(String(cString: strerror(errno))) (errno \(errno))" }
}
