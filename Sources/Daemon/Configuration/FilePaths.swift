/// Paths as written in a configuration and as the process uses them.
package enum FilePaths {
    /// `path`, absolute: a relative one counts from `folder`. `.`, `..` and doubled slashes are resolved by their letters, as a
    /// folder may not exist yet.
    package static func absolute(_ path: String, relativeTo folder: String) -> String {
        var parts: [Substring] = []
        let whole = path.hasPrefix("/") ? path : folder + "/" + path
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The folder that holds a file; `path` is absolute.
    package static func folder(of path: String) -> String {
        let parts = path.split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/")
    }
}
