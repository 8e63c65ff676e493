#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The registry's place in the file system: directory, file and lock.
struct RegistryFile {
    /// Absolute, through the real path of its directory, so that two spellings of one place meet at one lock.
    let path: String

    /// Directories that are missing are made with mode 0750 (less the umask); what exists is left as it is.
    init(preparing path: String) throws(RegistryError) {
        let (directory, name) = Self.split(path)
        try Self.makeDirectory(directory)
        self.path = try Self.realPath(of: directory) + "/" + name
    }

    /// Prepares nothing: for readers.
    init(existing path: String) throws(RegistryError) {
        let (directory, name) = Self.split(path)
        self.path = try Self.realPath(of: directory) + "/" + name
        guard access(self.path, R_OK) == 0 else {
            throw RegistryError.inaccessible(path: self.path, operation: "open", errno: errno)
        }
    }

    /// Whether there is anything to inspect. SQLite takes an empty file for a new database.
    func hasContent() throws(RegistryError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw RegistryError.inaccessible(path: path, operation: "look at", errno: errno) }
            return false
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw RegistryError.notADatabase(path: path) }
        return status.st_size > 0
    }

    /// Makes the empty file with mode 0640 (less the umask); SQLite gives its side files the same mode.
    func create() throws(RegistryError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw RegistryError.inaccessible(path: path, operation: "create", errno: errno) }
        close(descriptor)
    }

    /// What `path` lies in.
    static func folder(of path: String) -> String { split(path).directory }

    private static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let directory = path[..<slash]
        return (directory.isEmpty ? "/" : String(directory), String(path[path.index(after: slash)...]))
    }

    private static func makeDirectory(_ path: String) throws(RegistryError) {
        var current = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            current += "/" + part
            guard mkdir(current, 0o750) != 0, errno != EEXIST else { continue }
            let reason = errno
            var status = stat()
            // A parent that exists may refuse mkdir for other reasons (a read-only file system); that is no fault.
            guard stat(current, &status) != 0 else { continue }
            throw RegistryError.inaccessible(path: current, operation: "make directory", errno: reason)
        }
    }

    private static func realPath(of directory: String) throws(RegistryError) -> String {
        guard let resolved = realpath(directory, nil) else {
            throw RegistryError.inaccessible(path: directory, operation: "open directory", errno: errno)
        }
        defer { free(resolved) }
        let path = String(cString: resolved)
        return path == "/" ? "" : path
    }
}

/// Held by the one process that may write. The kernel drops it when the process dies, however it dies.
///
/// It is a file beside the database: opening and closing the database file itself would drop SQLite's own locks on it.
final class RegistryLock: Sendable {
    private let descriptor: Int32

    init(for path: String) throws(RegistryError) {
        let lockPath = path + ".lock"
        let descriptor = open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw RegistryError.inaccessible(path: lockPath, operation: "open", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = Self.holder(named: descriptor)
            close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw RegistryError.inaccessible(path: lockPath, operation: "lock", errno: reason)
            }
            throw RegistryError.locked(path: path, holder: holder)
        }
        self.descriptor = descriptor
        Self.write("\(getpid())\n", to: descriptor)
    }

    /// - Throws: `.locked` when another process holds the lock.
    static func tryTaking(for path: String) throws(RegistryError) {
        let lockPath = path + ".lock"
        let descriptor = open(lockPath, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw RegistryError.inaccessible(path: lockPath, operation: "open", errno: errno) }
            return
        }
        defer { close(descriptor) }
        // Shared, so that two that look do not see each other.
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { throw RegistryError.locked(path: path, holder: holder(named: descriptor)) }
    }

    /// Given back in so many words: a process that has just been forked holds the descriptor, too, until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// The holder's process id is a courtesy to whoever is refused; failing to write it down changes nothing else.
    private static func write(_ text: String, to descriptor: Int32) {
        guard ftruncate(descriptor, 0) == 0 else { return }
        let bytes = Array(text.utf8)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }

    private static func holder(named descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.isEmpty ? "another process" : "process " + String(decoding: digits, as: UTF8.self)
    }
}

func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
