/// What the configuration files hold, to notice that one has changed.
struct ConfigurationFiles: Sendable {
    private let paths: [String]
    private var contents: [String]

    /// What is in the files now.
    init(_ paths: [String]) {
        self.paths = paths
        contents = Self.contents(of: paths)
    }

    /// Looks again.
    ///
    /// - Returns: whether anything has changed since the last look.
    mutating func haveChanged() -> Bool {
        let now = Self.contents(of: paths)
        defer { contents = now }
        return now != contents
    }

    /// A file that cannot be read is told from others by the reason.
    private static func contents(of paths: [String]) -> [String] {
        paths.map { path in
            do throws(FileFault) { return "=" + (try FileReader.text(of: path)) } catch { return "!" + error.description }
        }
    }
}
