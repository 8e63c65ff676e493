import Glibc

/// A directory of its own for one test; removed with everything in it at the end.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/apus-test.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemFailure(call: "mkdtemp", code: errno) }
        path = String(cString: made)
    }

    deinit { Self.removeTree(path) }

    /// Makes a directory with one file below `relativePath`, as a model version has.
    @discardableResult
    func addVersion(_ relativePath: String, content: String = "model") throws -> String {
        let directory = try addDirectory(relativePath)
        try write(relativePath + "/model.bin", content)
        return directory
    }

    @discardableResult
    func addDirectory(_ relativePath: String) throws -> String {
        var current = path
        for part in relativePath.split(separator: "/") {
            current += "/" + part
            guard mkdir(current, 0o755) == 0 || errno == EEXIST else {
                throw SystemFailure(call: "mkdir \(current)", code: errno)
            }
        }
        return current
    }

    func write(_ relativePath: String, _ content: String) throws {
        guard let file = fopen(path + "/" + relativePath, "w") else {
            throw SystemFailure(call: "fopen \(relativePath)", code: errno)
        }
        fputs(content, file)
        fclose(file)
    }

    func remove(_ relativePath: String) { Self.removeTree(path + "/" + relativePath) }

    func move(_ from: String, to: String) throws {
        guard rename(path + "/" + from, path + "/" + to) == 0 else { throw SystemFailure(call: "rename", code: errno) }
    }

    /// Sets the modification time of a file or directory, in seconds since 1970.
    func setModified(_ relativePath: String, seconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard utimensat(AT_FDCWD, path + "/" + relativePath, times, 0) == 0 else {
            throw SystemFailure(call: "utimensat", code: errno)
        }
    }

    private static func removeTree(_ path: String) {
        guard unlink(path) != 0, let directory = opendir(path) else { return }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { removeTree(path + "/" + name) }
        }
        closedir(directory)
        rmdir(path)
    }
}

struct SystemFailure: Error {
    let call: String
    let code: Int32
}
