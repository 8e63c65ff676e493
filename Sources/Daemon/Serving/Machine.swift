import CPlatform
import FoundationEssentials
import Glibc

/// What the machine, or the control group that confines the process, has.
enum Machine {
    /// Processors that the process may run on.
    static var processorCount: Int { Int(apus_processor_count()) }

    /// Bytes of memory: the control group's limit (cgroup v2, `memory.max`) when it is the smaller one.
    static var memoryByteCount: Int {
        let physical = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        return min(physical, controlGroupLimit ?? physical)
    }

    private static var controlGroupLimit: Int? {
        guard let line = text("/proc/self/cgroup")?.split(separator: "\n").first(where: { $0.hasPrefix("0::") }) else { return nil }
        var path = "/sys/fs/cgroup" + line.dropFirst(3)
        var limit: Int?
        // A limit of any enclosing group binds too.
        while path.hasPrefix("/sys/fs/cgroup") {
            if let own = text(path + "/memory.max").flatMap({ Int($0.trimmingSuffix("\n")) }) { limit = min(limit ?? own, own) }
            guard let slash = path.lastIndex(of: "/") else { break }
            path = String(path[..<slash])
        }
        return limit
    }

    /// A file of the system as text; nil when it cannot be read, which means that the system has no such thing.
    static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}
