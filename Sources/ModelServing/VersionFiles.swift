import Glibc

/// The files of a version on disk.
enum VersionFiles {
    /// Bytes of the file at `path`, or of all regular files below it. What cannot be read counts nothing: the load itself
    /// reports it and names it.
    static func byteCount(at path: String, depth: Int = 0) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR where depth < maximumDepth:
            return names(in: path).reduce(0) { $0 + byteCount(at: "\(path)/\($1)", depth: depth + 1) }
        default: return 0
        }
    }

    /// Deeper than any model's layout; ends a loop of symbolic links.
    private static let maximumDepth = 8

    private static func names(in path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
