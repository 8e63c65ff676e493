import FoundationEssentials
import Glibc

/// What the process was started with.
enum ProcessEnvironment {
    static var variables: [String: String] { ProcessInfo.processInfo.environment }

    static var isRoot: Bool { geteuid() == 0 }

    /// Absolute; `/` where the folder was removed under the process.
    static var workingDirectory: String {
        guard let path = getcwd(nil, 0) else { return "/" }
        defer { free(path) }
        return String(cString: path)
    }
}
