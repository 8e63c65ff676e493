#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The folder of a model, which the files that the model names must lie in: no absolute path, no `..`, and no symbolic link that
/// leads out.
struct ModelFolder {
    /// Ends with a slash.
    let path: String

    /// A refusal, as the end of a sentence that begins with what names the file.
    struct Refusal: Error {
        let reason: String
    }

    /// - Parameter path: with or without a slash at the end; empty for the current folder.
    init(_ path: String) { self.path = path.isEmpty ? "./" : path.hasSuffix("/") ? path : path + "/" }

    /// The folder that the file at `path` lies in.
    init(of path: String) {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        self.init(components.count > 1 ? components.dropLast().joined(separator: "/") + "/" : "./")
    }

    /// A relative path without `.` and doubled slashes.
    func name(of location: String) throws(Refusal) -> String {
        let components = location.split(separator: "/").filter { $0 != "." }
        guard !location.hasPrefix("/"), !components.isEmpty, !components.contains(".."), !location.utf8.contains(0) else {
            throw Refusal(reason: "names the file \"\(location)\"; only files inside the model's folder are read")
        }
        return components.joined(separator: "/")
    }

    /// The real path of the file `name`, with every symbolic link followed.
    func resolve(_ name: String) throws(Refusal) -> String {
        guard let root = resolved(path), let target = resolved(path + name) else {
            throw Refusal(
                reason:
                    "is in the file \"\(name)\", which cannot be opened: \(unsafe String(cString: strerror(errno))); copy the model whole"
            )
        }
        guard target.hasPrefix(root.hasSuffix("/") ? root : root + "/") else {
            throw Refusal(reason: "is in the file \"\(name)\", a link that leads out of the model's folder; put the file itself there")
        }
        return target
    }

    /// Whether anything is there under the name.
    func contains(_ name: String) -> Bool { unsafe access(path + name, F_OK) == 0 }

    private func resolved(_ path: String) -> String? {
        guard let text = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }
}
