import CPlatform

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Whether the registry could be opened for writing, found out without making or changing anything.
package enum RegistryTrial {
    /// - Throws: what opening it would throw. `.locked` may be the daemon's own doing, when it runs.
    package static func run(_ path: String) throws(RegistryError) {
        let folder = RegistryFile.folder(of: path)
        guard let existing = nearestExisting(folder) else {
            throw RegistryError.inaccessible(path: folder, operation: "open directory", errno: errno)
        }
        let result = apus_can_make_file(existing)
        guard result == 0 else {
            throw RegistryError.inaccessible(
                path: folder, operation: existing == folder ? "make a file in" : "make directory", errno: -result)
        }
        guard existing == folder, access(path, F_OK) == 0 else { return }
        let file = try RegistryFile(existing: path)
        guard access(file.path, W_OK) == 0 else {
            throw RegistryError.inaccessible(path: file.path, operation: "write", errno: errno)
        }
        if try file.hasContent() { try RegistryInspection.check(file.path) }
        try RegistryLock.tryTaking(for: file.path)
    }

    /// The folder itself, or the innermost one above it that exists; nil where a part of the path is something else.
    private static func nearestExisting(_ folder: String) -> String? {
        var path = folder
        while true {
            var status = stat()
            if stat(path, &status) == 0 {
                errno = ENOTDIR
                return status.st_mode & S_IFMT == S_IFDIR ? path : nil
            }
            guard errno == ENOENT, let slash = path.lastIndex(of: "/") else { return nil }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
    }
}
